import { type Caller, createCursorCodec, isAdmin, type Page, page } from '@souk/http';
import type { Queryable } from '@souk/service-runtime';
import type { Order, OrderStatus } from './order.ts';
import { onlyAdministrators } from './order-errors.ts';
import { toOrderJson } from './order-json.ts';
import { ORDER_COLUMNS, type OrderRow, toOrder } from './order-rows.ts';

export interface ListOrders {
  caller: Caller;
  limit: number;
  cursor: string | undefined;
  status: OrderStatus | undefined;
  scope: 'all' | undefined;
  userId: string | undefined;
}

type OrderJson = ReturnType<typeof toOrderJson>;

/** Newest first. A customer's own orders; an administrator may ask for everybody's (`scope=all`) or one user's (`userId`). */
export async function listOrders(db: Queryable, cursorSecret: string, list: ListOrders): Promise<Page<OrderJson>> {
  const { caller, limit, cursor, status, scope, userId } = list;
  if ((scope !== undefined || userId !== undefined) && !isAdmin(caller)) throw onlyAdministrators();
  const owner = userId ?? (scope === 'all' ? undefined : caller.userId);
  const codec = createCursorCodec({ secret: cursorSecret, scope: `orders:${owner ?? '*'}:${status ?? '*'}` });
  const [createdAt, id] = cursor === undefined ? [] : codec.decode(cursor);

  const conditions: string[] = [];
  const values: unknown[] = [];
  const where = (condition: (first: string, second: string) => string, ...given: unknown[]) => {
    const names = given.map((value) => `$${values.push(value)}`);
    conditions.push(condition(names[0] ?? '', names[1] ?? ''));
  };
  if (owner !== undefined) where((one) => `o.user_id = ${one}`, owner);
  if (status !== undefined) where((one) => `o.status = ${one}`, status);
  const counted = await countOrders(db, conditions, values);
  // Rows that appear later sort before the cursor or not at all, so a walk neither repeats nor skips what was there.
  if (createdAt !== undefined)
    where((at, after) => `(o.created_at, o.id) < (${at}::timestamptz, ${after}::uuid)`, createdAt, id);
  const { rows } = await db.query<OrderRow>(
    `SELECT ${ORDER_COLUMNS} FROM orders o ${toWhere(conditions)}
     ORDER BY o.created_at DESC, o.id DESC LIMIT ${limit + 1}`,
    values,
  );
  return page<Order, OrderJson>({
    rows: rows.map(toOrder),
    limit,
    total: counted,
    toItem: toOrderJson,
    cursorOf: (order) => codec.encode([order.createdAt.toISOString(), order.id]),
  });
}

async function countOrders(db: Queryable, conditions: string[], values: unknown[]): Promise<number> {
  const { rows } = await db.query<{ count: string }>(`SELECT count(*) FROM orders o ${toWhere(conditions)}`, values);
  return Number(rows[0]?.count ?? 0);
}

function toWhere(conditions: readonly string[]): string {
  return conditions.length === 0 ? '' : `WHERE ${conditions.join(' AND ')}`;
}
