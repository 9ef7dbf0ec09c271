import type { Queryable } from '@souk/service-runtime';
import type { Payment } from './payment.ts';
import type { RequestedRefund } from './request-refund.ts';

/** A payment as lists and pages show it. */
export interface PaymentView {
  id: string;
  orderId: string;
  userId: string;
  amount: { amount: number; currency: string };
  status: Payment['status'];
  failureCode: string | null;
  refunded: { amount: number; currency: string };
  createdAt: Date;
}

export interface PageOf<T> {
  /** At most `limit + 1`, so that the surplus one tells of a next page. */
  rows: T[];
  total: number;
}

interface PageOptions {
  limit: number;
  /** Only rows older than this id. */
  beforeId: string | undefined;
}

export interface PaymentQueries {
  findPayment(id: string): Promise<PaymentView | undefined>;
  listPayments(filter: { userId?: string; orderId?: string }, page: PageOptions): Promise<PageOf<PaymentView>>;
  listRefunds(paymentId: string, page: PageOptions): Promise<PageOf<RequestedRefund>>;
}

const PAYMENT_COLUMNS = 'id, order_id, user_id, amount, currency, status, failure_code, refunded, created_at';

interface PaymentRow {
  id: string;
  order_id: string;
  user_id: string;
  amount: string;
  currency: string;
  status: Payment['status'];
  failure_code: string | null;
  refunded: string;
  created_at: Date;
}

function toView(row: PaymentRow): PaymentView {
  const { id, currency, status } = row;
  return {
    id,
    orderId: row.order_id,
    userId: row.user_id,
    amount: { amount: Number(row.amount), currency },
    status,
    failureCode: row.failure_code,
    refunded: { amount: Number(row.refunded), currency },
    createdAt: row.created_at,
  };
}

/**
 * The questions of the API; ids are UUIDv7, so newest first is the order of ids backwards. By `pg`: three plain SELECTs
 * are not worth Prisma's client at run time, 2.6 MB of the bundle and some 30 MB of memory.
 */
export function pgPaymentQueries(db: Queryable): PaymentQueries {
  return {
    async findPayment(id) {
      const { rows } = await db.query<PaymentRow>(`SELECT ${PAYMENT_COLUMNS} FROM payments WHERE id = $1`, [id]);
      return rows[0] && toView(rows[0]);
    },
    async listPayments({ userId, orderId }, { limit, beforeId }) {
      const condition = '($1::uuid IS NULL OR user_id = $1) AND ($2::uuid IS NULL OR order_id = $2)';
      const filter = [userId ?? null, orderId ?? null];
      const [{ rows }, total] = await Promise.all([
        db.query<PaymentRow>(
          `SELECT ${PAYMENT_COLUMNS} FROM payments WHERE ${condition} AND ($3::uuid IS NULL OR id < $3)
           ORDER BY id DESC LIMIT $4`,
          [...filter, beforeId ?? null, limit + 1],
        ),
        count(db, `SELECT count(*) FROM payments WHERE ${condition}`, filter),
      ]);
      return { rows: rows.map(toView), total };
    },
    async listRefunds(paymentId, { limit, beforeId }) {
      const [{ rows }, total] = await Promise.all([
        db.query<{ id: string; amount: string; status: RequestedRefund['status']; currency: string }>(
          `SELECT r.id, r.amount, r.status, p.currency FROM refunds AS r JOIN payments AS p ON p.id = r.payment_id
           WHERE r.payment_id = $1 AND ($2::uuid IS NULL OR r.id < $2) ORDER BY r.id DESC LIMIT $3`,
          [paymentId, beforeId ?? null, limit + 1],
        ),
        count(db, 'SELECT count(*) FROM refunds WHERE payment_id = $1', [paymentId]),
      ]);
      return {
        rows: rows.map(({ id, amount, status, currency }) => ({
          id,
          amount: { amount: Number(amount), currency },
          status,
        })),
        total,
      };
    },
  };
}

async function count(db: Queryable, statement: string, values: unknown[]): Promise<number> {
  const { rows } = await db.query<{ count: string }>(statement, values);
  return Number(rows[0]?.count);
}
