import type { Queryable } from '@souk/service-runtime';

/** One line of the sandbox provider's books. */
export interface LedgerEntry {
  id: string;
  orderId: string;
  kind: 'charge' | 'refund';
  idempotencyKey: string;
  fingerprint: string;
  outcome: 'succeeded' | 'declined' | 'error';
  failureCode: string | null;
  amount: number;
  currency: string;
  at: Date;
}

export type NewLedgerEntry = Omit<LedgerEntry, 'at' | 'kind'>;

const COLUMNS = 'id, order_id, kind, idempotency_key, fingerprint, outcome, failure_code, amount, currency, at';

interface LedgerRow {
  id: string;
  order_id: string;
  kind: 'charge' | 'refund';
  idempotency_key: string;
  fingerprint: string;
  outcome: 'succeeded' | 'declined' | 'error';
  failure_code: string | null;
  amount: string;
  currency: string;
  at: Date;
}

function toEntry(row: LedgerRow): LedgerEntry {
  return {
    id: row.id,
    orderId: row.order_id,
    kind: row.kind,
    idempotencyKey: row.idempotency_key,
    fingerprint: row.fingerprint,
    outcome: row.outcome,
    failureCode: row.failure_code,
    amount: Number(row.amount),
    currency: row.currency,
    at: row.at,
  };
}

/** Writes the charges whose key is new, in one statement; answers the keys that were. */
export async function insertCharges(db: Queryable, charges: readonly NewLedgerEntry[]): Promise<Set<string>> {
  const inserted = await db.query<{ idempotency_key: string }>({
    name: 'insert charges',
    text: `INSERT INTO sandbox_ledger (id, order_id, kind, idempotency_key, fingerprint, outcome, failure_code, amount, currency)
     SELECT u.id, u.order_id, 'charge', u.idempotency_key, u.fingerprint, u.outcome, u.failure_code, u.amount, u.currency
     FROM unnest($1::uuid[], $2::uuid[], $3::text[], $4::text[], $5::text[], $6::text[], $7::bigint[], $8::text[])
       AS u (id, order_id, idempotency_key, fingerprint, outcome, failure_code, amount, currency)
     ON CONFLICT (idempotency_key) DO NOTHING
     RETURNING idempotency_key`,
    values: [
      charges.map((charge) => charge.id),
      charges.map((charge) => charge.orderId),
      charges.map((charge) => charge.idempotencyKey),
      charges.map((charge) => charge.fingerprint),
      charges.map((charge) => charge.outcome),
      charges.map((charge) => charge.failureCode),
      charges.map((charge) => charge.amount),
      charges.map((charge) => charge.currency),
    ],
  });
  return new Set(inserted.rows.map((row) => row.idempotency_key));
}

/** What was decided under these keys before. An `error` (tok_flaky) becomes the charge it should have been. */
export async function repeatCharges(db: Queryable, keys: readonly string[]): Promise<Map<string, LedgerEntry>> {
  await db.query(
    `UPDATE sandbox_ledger SET outcome = 'succeeded', at = now() WHERE idempotency_key = ANY($1) AND outcome = 'error'`,
    [keys],
  );
  const { rows } = await db.query<LedgerRow>(`SELECT ${COLUMNS} FROM sandbox_ledger WHERE idempotency_key = ANY($1)`, [
    keys,
  ]);
  return new Map(rows.map((row) => [row.idempotency_key, toEntry(row)]));
}

export async function findEntry(db: Queryable, idempotencyKey: string): Promise<LedgerEntry | undefined> {
  const { rows } = await db.query<LedgerRow>(`SELECT ${COLUMNS} FROM sandbox_ledger WHERE idempotency_key = $1`, [
    idempotencyKey,
  ]);
  return rows[0] && toEntry(rows[0]);
}

/** Takes the refund off its charge and books it; false where the charge has less than that left or does not exist. */
export async function bookRefund(db: Queryable, refund: NewLedgerEntry, chargeId: string): Promise<boolean> {
  const { rowCount } = await db.query(
    `WITH charge AS (
       UPDATE sandbox_ledger SET refunded = refunded + $5
       WHERE id = $7 AND kind = 'charge' AND outcome = 'succeeded' AND currency = $6 AND refunded + $5 <= amount
       RETURNING id)
     INSERT INTO sandbox_ledger (id, order_id, kind, idempotency_key, fingerprint, outcome, amount, currency, charge_id)
     SELECT $1, $2, 'refund', $3, $4, 'succeeded', $5, $6, charge.id FROM charge`,
    [refund.id, refund.orderId, refund.idempotencyKey, refund.fingerprint, refund.amount, refund.currency, chargeId],
  );
  return rowCount === 1;
}

/** The books of one order as the provider would show them: what moved money, oldest first. */
export async function listLedger(db: Queryable, orderId: string): Promise<LedgerEntry[]> {
  const { rows } = await db.query<LedgerRow>(
    `SELECT ${COLUMNS} FROM sandbox_ledger WHERE order_id = $1 AND outcome = 'succeeded' ORDER BY at, id`,
    [orderId],
  );
  return rows.map(toEntry);
}
