import { eraseFromDeadLetters } from '@souk/outbox';
import { type Queryable, transaction } from '@souk/service-runtime';
import type { OrderDependencies } from './order-dependencies.ts';
import { orderRepository } from './order-repository.ts';
import { applyStep, type StepContext, saveOrders, toOrderInWork } from './order-steps.ts';

const ORDERS_PER_TRANSACTION = 100;
/** An order may have been in the middle of being placed when its owner was erased; no request lives longer than this. */
const LATECOMERS_MS = 3_600_000;

/** Policy: when a user is deleted then what is kept about the user goes, with open orders as soon as they end. */
export async function eraseUsers(tx: Queryable, userIds: readonly string[], context: StepContext): Promise<void> {
  await tx.query(
    `INSERT INTO erased_users (user_id, erased_at) SELECT DISTINCT id, $2::timestamptz FROM unnest($1::uuid[]) AS id
     ON CONFLICT (user_id) DO UPDATE SET erased_at = excluded.erased_at`,
    [userIds, context.now],
  );
  await tx.query('DELETE FROM carts WHERE user_id = ANY($1::uuid[])', [userIds]);
  // Stored answers hold e-mail and address; nobody can ask for them again.
  await tx.query('DELETE FROM idempotency_keys WHERE user_id = ANY($1::uuid[]) AND response_status IS NOT NULL', [
    userIds,
  ]);
  await tx.query(`UPDATE orders SET erasure = 'requested' WHERE user_id = ANY($1::uuid[]) AND erasure = 'none'`, [
    userIds,
  ]);
  await eraseEndedOrders(tx, context);
}

/** The sweep's part: orders that ended after their owner was erased, and those that were being placed meanwhile. */
export async function eraseRemaining(deps: OrderDependencies, signal: AbortSignal): Promise<void> {
  const since = new Date(deps.clock.now().getTime() - LATECOMERS_MS);
  const recent = `SELECT user_id FROM erased_users WHERE erased_at >= $1`;
  await deps.pool.query(
    `WITH cleared AS (DELETE FROM carts WHERE user_id IN (${recent})),
       forgotten AS (DELETE FROM idempotency_keys WHERE user_id IN (${recent}) AND response_status IS NOT NULL)
     UPDATE orders SET erasure = 'requested' WHERE user_id IN (${recent}) AND erasure = 'none'`,
    [since],
  );
  while (!signal.aborted) {
    const context = { now: deps.clock.now(), newId: deps.newId, timings: deps.timings };
    const erased = await transaction(deps.pool, (tx) => eraseEndedOrders(tx, context));
    if (erased.length > 0) deps.committed(erased);
    if (erased.length < ORDERS_PER_TRANSACTION) return;
  }
}

/** The last mail of an order still needs its address: an order is erased once all its messages are out. */
async function eraseEndedOrders(tx: Queryable, context: StepContext): Promise<string[]> {
  const { rows } = await tx.query<{ id: string }>(
    `SELECT o.id FROM orders o
     WHERE o.erasure = 'requested' AND (o.status = 'cancelled' OR o.fulfillment_status = 'delivered')
       AND NOT EXISTS (SELECT 1 FROM outbox e WHERE e.aggregate_id = o.id AND e.published_at IS NULL)
     LIMIT ${ORDERS_PER_TRANSACTION}`,
  );
  if (rows.length === 0) return [];
  const orderIds = rows.map((row) => row.id);
  const works = [...(await orderRepository.lock(tx, orderIds)).values()].map(toOrderInWork);
  for (const work of works) applyStep(work, { command: { type: 'ErasePersonalData' } }, context);
  await blankMessages(tx, orderIds);
  await eraseFromDeadLetters(tx, [...new Set(works.map((work) => work.record.order.userId))]);
  await saveOrders(tx, works);
  return orderIds;
}

async function blankMessages(tx: Queryable, orderIds: readonly string[]): Promise<void> {
  const told = await tx.query<{ id: string; body: string }>(
    'SELECT id, body FROM outbox WHERE aggregate_id = ANY($1::uuid[])',
    [orderIds],
  );
  await tx.query(
    'UPDATE outbox o SET body = b.body FROM unnest($1::uuid[], $2::text[]) AS b(id, body) WHERE o.id = b.id',
    [told.rows.map((row) => row.id), told.rows.map((row) => blankMessage(row.body))],
  );
}

/** A message's document without what names a person. What is no such document becomes empty: nobody can say what is in it. */
export function blankMessage(body: string): string {
  let document: unknown;
  try {
    document = JSON.parse(body);
  } catch {
    return '';
  }
  if (!isObject(document) || !isObject(document.data)) return '';
  const { data } = document;
  if ('email' in data) data.email = null;
  if ('name' in data) data.name = '';
  if ('phone' in data) data.phone = null;
  if (isObject(data.shippingAddress)) data.shippingAddress = blankTexts(data.shippingAddress);
  return JSON.stringify(document);
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function blankTexts(address: Record<string, unknown>): Record<string, unknown> {
  return Object.fromEntries(
    Object.entries(address).map(([key, value]) => [key, typeof value === 'string' ? '' : value]),
  );
}
