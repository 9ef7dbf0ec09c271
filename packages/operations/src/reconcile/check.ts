import { type Discrepancy, type DiscrepancyRow, toDiscrepancy } from './discrepancy.ts';
import type { ShopBroker } from './shop-broker.ts';
import type { DatabaseName, ShopDatabases } from './shop-databases.ts';
import type { ProviderBooks } from './stripe-books.ts';

export interface CheckContext {
  databases: ShopDatabases;
  /** Undefined where none can be asked. */
  broker?: ShopBroker | undefined;
  /** Undefined where the provider is the sandbox, whose books stand in our database. */
  provider?: ProviderBooks | undefined;
  /** What is older and still under way should have ended. */
  patienceMs: number;
}

export interface Check {
  name: string;
  /** What holds, as a sentence. */
  rule: string;
  /** Without this part of the context the check is skipped. */
  needs?: 'broker' | 'provider';
  run(context: CheckContext): Promise<Discrepancy[]>;
}

/**
 * A check within one database. The statement answers `subject`, `expected`, `found` for each discrepancy; `$1` is the
 * patience, an interval, where it uses it.
 */
export function sqlCheck(check: { name: string; rule: string; database: DatabaseName; sql: string }): Check {
  const { name, rule, database, sql } = check;
  return {
    name,
    rule,
    run: async ({ databases, patienceMs }) => {
      const values = sql.includes('$1') ? [`${patienceMs} milliseconds`] : [];
      return (await databases.select<DiscrepancyRow>(database, sql, values)).map(toDiscrepancy);
    },
  };
}

export const PAGE_SIZE = 1_000;
