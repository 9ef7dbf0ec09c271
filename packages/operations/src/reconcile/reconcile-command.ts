import { parseArgs } from 'node:util';
import type { Terminal } from '../terminal.ts';
import { UsageError } from '../usage-error.ts';
import { findDatabases, optionOf } from './find-databases.ts';
import { findBroker, findStripe } from './find-outside.ts';
import { type CheckResult, reconcile } from './reconcile.ts';
import { openShopBroker } from './shop-broker.ts';
import { DATABASE_NAMES, openShopDatabases } from './shop-databases.ts';
import { openStripeBooks } from './stripe-books.ts';

const USAGE = `Usage: npm run reconcile -- [options]
  --json               one JSON document instead of lines
  --patience-ms <n>    what has been under way for longer counts as stuck (180000)
  --settle-ms <n>      how long a discrepancy has to stay to count (10000)
  --data <folder>      data folder of the one-process run (.souk)
  --<database>-url <url>  users, products, orders, payments, notifications; also by USERS_DATABASE_URL and so on
AMQP_URL names the broker; PAYMENT_PROVIDER=stripe and STRIPE_API_KEY let the books of Stripe be read.
Exit code: 0 all adds up, 1 something does not, 2 it could not be told.`;

const PATIENCE_MS = 180_000;
const SETTLE_MS = 10_000;

/** Compares the books of a running platform and says what does not add up. Answers the exit code. */
export async function runReconcile(args: string[], terminal: Terminal): Promise<number> {
  try {
    const options = parseOptions(args);
    if (options.help) {
      terminal.out(USAGE);
      return 0;
    }
    const results = await look(options, terminal.env);
    const isFine = results.every(({ discrepancies }) => discrepancies.length === 0);
    terminal.out(options.json ? JSON.stringify({ ok: isFine, checks: results }, null, 2) : toReport(results));
    return isFine ? 0 : 1;
  } catch (error) {
    terminal.err(error instanceof Error ? error.message : String(error));
    return 2;
  }
}

async function look(options: ReturnType<typeof parseOptions>, env: Terminal['env']): Promise<CheckResult[]> {
  const dataFolder = options.data ?? env.SOUK_DATA_DIRECTORY ?? '.souk';
  const { urls, isOneProcess } = findDatabases({ options: options.urls, env, dataFolder });
  const address = isOneProcess ? undefined : findBroker(env);
  const stripe = findStripe(env);
  const databases = openShopDatabases(urls);
  const broker =
    address === undefined
      ? undefined
      : await openShopBroker(address).catch(async (error: unknown) => {
          await databases.close();
          throw error;
        });
  try {
    const { patienceMs, settleMs } = options;
    const provider = stripe === undefined ? undefined : openStripeBooks(stripe);
    return await reconcile({ databases, broker, provider, patienceMs, settleMs });
  } finally {
    await broker?.close();
    await databases.close();
  }
}

function parseOptions(args: string[]) {
  const urls = Object.fromEntries(DATABASE_NAMES.map((name) => [optionOf(name), { type: 'string' as const }]));
  try {
    const { values } = parseArgs({
      args,
      options: {
        json: { type: 'boolean' },
        help: { type: 'boolean', short: 'h' },
        data: { type: 'string' },
        'patience-ms': { type: 'string' },
        'settle-ms': { type: 'string' },
        ...urls,
      },
    });
    return {
      json: values.json === true,
      help: values.help === true,
      data: values.data,
      patienceMs: toMs('patience-ms', values['patience-ms'], PATIENCE_MS),
      settleMs: toMs('settle-ms', values['settle-ms'], SETTLE_MS),
      urls: values as Record<string, string | undefined>,
    };
  } catch (error) {
    if (error instanceof UsageError) throw error;
    throw new UsageError(`${error instanceof Error ? error.message : error}\n${USAGE}`);
  }
}

function toMs(name: string, value: string | undefined, fallback: number): number {
  if (value === undefined) return fallback;
  if (/^\d{1,9}$/.test(value)) return Number(value);
  throw new UsageError(`--${name}: expected milliseconds, found "${value}"`);
}

/** One line for each rule, and every discrepancy with what was expected and found. */
export function toReport(results: CheckResult[]): string {
  const lines = results.flatMap(({ name, rule, discrepancies, isSkipped }) => [
    `${isSkipped ? 'skip' : discrepancies.length === 0 ? 'ok  ' : 'FAIL'} ${name}: ${rule}`,
    ...discrepancies.map(({ subject, expected, found }) => `     ${subject}: expected ${expected}, found ${found}`),
  ]);
  const asked = results.filter(({ isSkipped }) => !isSkipped);
  const skipped = results.length - asked.length;
  const count = results.reduce((sum, { discrepancies }) => sum + discrepancies.length, 0);
  const kinds = results.filter(({ discrepancies }) => discrepancies.length > 0).length;
  const end =
    count === 0 ? `All ${asked.length} rules hold` : `${count} discrepancies against ${kinds} of ${asked.length} rules`;
  return [...lines, '', skipped === 0 ? end : `${end}; ${skipped} could not be asked`].join('\n');
}
