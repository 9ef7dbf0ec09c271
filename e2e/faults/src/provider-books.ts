import { type Platform, select } from '../../src/index.ts';

/** What a payment provider has moved for one order. */
export interface ProviderEntry {
  charges: number;
  charged: number;
  refunded: number;
}

interface Books {
  platform: Platform;
  /** Of another provider than the sandbox, which keeps its own beside ours. */
  providerBooks?: () => ReadonlyMap<string, ProviderEntry>;
}

/** The provider's own books against ours, order by order. */
export async function checkLedger({ platform, providerBooks }: Books): Promise<string[]> {
  const [books, payments] = await Promise.all([
    providerBooks?.() ?? readSandboxBooks(platform),
    select<{ order_id: string; captured: string; refunded: string }>(
      platform,
      'payments',
      'SELECT order_id, captured::text, refunded::text FROM payments',
    ),
  ]);
  const ours = new Map(payments.map((row) => [row.order_id, row]));
  return [...new Set([...books.keys(), ...ours.keys()])].flatMap((orderId) => {
    const { charges, charged, refunded } = books.get(orderId) ?? { charges: 0, charged: 0, refunded: 0 };
    const { captured = '0', refunded: given = '0' } = ours.get(orderId) ?? {};
    const problems: string[] = [];
    if (charges > 1) problems.push(`order ${orderId} was charged ${charges} times`);
    if (charged !== Number(captured))
      problems.push(`order ${orderId}: provider charged ${charged}, we have ${captured}`);
    if (refunded !== Number(given)) problems.push(`order ${orderId}: provider refunded ${refunded}, we have ${given}`);
    return problems;
  });
}

async function readSandboxBooks(platform: Platform): Promise<Map<string, ProviderEntry>> {
  const rows = await select<{ order_id: string; charges: number; charged: string; refunded: string }>(
    platform,
    'payments',
    `SELECT order_id, count(*) FILTER (WHERE kind = 'charge')::int AS charges,
       coalesce(sum(amount) FILTER (WHERE kind = 'charge'), 0)::text AS charged,
       coalesce(sum(amount) FILTER (WHERE kind = 'refund'), 0)::text AS refunded
     FROM sandbox_ledger WHERE outcome = 'succeeded' GROUP BY order_id`,
  );
  return new Map(
    rows.map(({ order_id, charges, charged, refunded }) => [
      order_id,
      { charges, charged: Number(charged), refunded: Number(refunded) },
    ]),
  );
}
