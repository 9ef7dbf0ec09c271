import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Platform, select, startPlatform } from '../src/index.ts';
import { DATABASE_NAMES } from '../src/platform.ts';
import { loadCases, REQUEST_FILES } from './hostile/load-cases.ts';
import { type PreparedWorld, prepareWorld } from './hostile/prepare-world.ts';
import { runCases } from './hostile/run-cases.ts';
import { runWireCases } from './hostile/run-wire-cases.ts';
import { tokenCases } from './hostile/token-cases.ts';
import { wireCases } from './hostile/wire-cases.ts';

/** What no refused request may change; sessions and keys remember that somebody asked. */
const TABLES = {
  users: ['users', 'addresses'],
  products: ['products', 'categories', 'inventory', 'inventory_movements', 'reservations', 'reservation_items'],
  orders: ['orders', 'order_lines', 'order_history', 'cart_items'],
  payments: ['payments', 'refunds', 'sandbox_ledger'],
} as const;

/** What the sweeps and the mails of the orders that were placed before write meanwhile. */
const BOOKKEEPING = '{timeline_sequence,stock_outcome,stock_settle_after,redrive_after}';

async function fingerprint(platform: Platform): Promise<Record<string, string>> {
  const prints: Record<string, string> = {};
  for (const [database, tables] of Object.entries(TABLES)) {
    for (const table of tables) {
      const [row] = await select<{ print: string }>(
        platform,
        database as keyof typeof TABLES,
        `SELECT count(*) || ' ' || coalesce(md5(string_agg(line, '|' ORDER BY line)), '') AS print
         FROM (SELECT (to_jsonb(t) - '${BOOKKEEPING}'::text[])::text AS line FROM ${table} t) AS lines`,
      );
      prints[table] = row?.print ?? '';
    }
  }
  return prints;
}

describe('hostile requests', () => {
  let platform: Platform;
  let prepared: PreparedWorld;
  let before: Record<string, string>;
  beforeAll(async () => {
    platform = await startPlatform('embedded');
    prepared = await prepareWorld(platform);
    before = await fingerprint(platform);
  });
  afterAll(() => platform?.stop());

  describe.each(['gateway', 'service'] as const)('at the door of the %s', (door) => {
    it.each(REQUEST_FILES)('are refused as the contract says: %s', async (file) => {
      const cases = loadCases(file, prepared.world);
      expect(cases.length).toBeGreaterThan(50);
      expect(await runCases(cases, { platform, people: prepared.people, door })).toEqual([]);
    });

    it('bent tokens open nothing', async () => {
      const cases = tokenCases(prepared.world);
      expect(await runCases(cases, { platform, people: prepared.people, door })).toEqual([]);
    });
  });

  it.each(['gateway', 'product-service'] as const)('odd bytes on the wire harm nobody: %s', async (door) => {
    const base = door === 'gateway' ? platform.gatewayUrl : platform.serviceUrl(door);
    expect(await runWireCases(wireCases(), base)).toEqual([]);
  });

  it('change nothing', async () => {
    expect(await fingerprint(platform)).toEqual(before);
  });

  it('leave the platform as it was: no error of ours, no secret in a log, no session in the middle of something', async () => {
    const logs = platform.logs();
    expect(logs).not.toMatch(/"level":"error"|unhandledRejection|uncaughtException/);
    expect(logs).not.toContain(prepared.world.token);
    expect(logs).not.toContain(prepared.world.refreshToken);
    for (const database of Object.values(DATABASE_NAMES)) {
      const idle = await select(
        platform,
        database,
        "SELECT pid FROM pg_stat_activity WHERE datname = current_database() AND state LIKE 'idle in transaction%'",
      );
      expect(idle).toEqual([]);
    }
  });
});
