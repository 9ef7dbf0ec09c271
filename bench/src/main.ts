import { mkdirSync, writeFileSync } from 'node:fs';
import { cpus } from 'node:os';
import { parseArgs } from 'node:util';
import { createSender, type LoadResult, percentiles, runLoad, type Sender } from './load.ts';
import { printTable, type Row, toRow } from './report.ts';
import {
  BenchError,
  completionTimeMs,
  countPending,
  placeOrder,
  prepareShop,
  type Shop,
  waitUntilSettled,
} from './shop.ts';
import { type MetricsEndpoint, metricsEndpoints, readUsage } from './usage.ts';

const USAGE = `Usage: npm run bench -- [options]     loads a running platform on loopback and prints a table

  --url URL          the gateway                          http://127.0.0.1:3000
  --port-offset N    added to every service's port        0
  --seconds N        length of each run                   10
  --connections N    loops side by side                   16
  --rounds N         how often every run is repeated      3
  --only NAME,…      list, product, search, search-miss, checkout
  --out FILE         JSON result                          bench/results/latest.json
`;

interface Options {
  url: string;
  endpoints: MetricsEndpoint[];
  durationMs: number;
  connections: number;
  rounds: number;
  only: string[] | undefined;
  out: string;
}

function parseOptions(): Options {
  const { values } = parseArgs({
    options: {
      url: { type: 'string', default: 'http://127.0.0.1:3000' },
      'port-offset': { type: 'string', default: '0' },
      seconds: { type: 'string', default: '10' },
      connections: { type: 'string', default: '16' },
      rounds: { type: 'string', default: '3' },
      only: { type: 'string' },
      out: { type: 'string', default: 'bench/results/latest.json' },
      help: { type: 'boolean', default: false },
    },
  });
  if (values.help) {
    process.stdout.write(USAGE);
    process.exit(0);
  }
  const host = new URL(values.url).hostname;
  if (!['127.0.0.1', 'localhost', '[::1]'].includes(host)) {
    throw new BenchError(
      `The benchmark loads loopback only, found ${host}: forward the gateway's port to this machine first`,
    );
  }
  const number = (name: 'port-offset' | 'seconds' | 'connections' | 'rounds', max: number) => {
    const value = Number(values[name]);
    if (!Number.isInteger(value) || value < 0 || value > max)
      throw new BenchError(`--${name}: expected 0 to ${max}, found ${values[name]}`);
    return value;
  };
  return {
    url: values.url,
    endpoints: metricsEndpoints(number('port-offset', 50_000)),
    durationMs: number('seconds', 600) * 1000,
    connections: number('connections', 256),
    rounds: number('rounds', 20),
    only: values.only?.split(','),
    out: values.out,
  };
}

const WORDS = ['lamp', 'chair', 'coffee', 'wool', 'steel', 'garden', 'blue', 'travel'];

/** The reading runs: name -> the path of the n-th request. */
function readingPaths(shop: Shop): Record<string, (sequence: number) => string> {
  return {
    list: () => '/api/v1/products?limit=20',
    product: (sequence) => `/api/v1/products/${shop.productIds[sequence % shop.productIds.length]}`,
    search: (sequence) => `/api/v1/products?limit=20&q=${WORDS[sequence % WORDS.length]}`,
    'search-miss': (sequence) =>
      `/api/v1/products?limit=20&q=${WORDS[sequence % WORDS.length]}%20${sequence.toString(36)}${Date.now().toString(36)}`,
  };
}

/** Runs one load between two readings of the platform's usage. */
async function measured(options: Options, name: string, load: () => Promise<LoadResult>): Promise<Row> {
  const before = await readUsage(options.endpoints);
  const result = await load();
  return toRow(name, result, { before, after: await readUsage(options.endpoints) });
}

async function benchCheckout(options: Options, sender: Sender, shop: Shop): Promise<Row> {
  const orderIds: string[] = [];
  const pendingBefore = await countPending(shop);
  const row = await measured(options, 'checkout', async () => {
    const startedAt = performance.now();
    const shot = async (sequence: number) => {
      const placed = await placeOrder(sender, shop, sequence);
      if (placed.orderId) orderIds.push(placed.orderId);
      return placed.status;
    };
    const load = await runLoad({ shot, connections: options.connections, durationMs: options.durationMs });
    const settledAt = await waitUntilSettled(shop, { pendingBefore, timeoutMs: 60_000 });
    // The rate counts the time until the last order was completed, not only placed.
    const durationMs = settledAt - startedAt;
    return { ...load, durationMs, perSecond: (orderIds.length * 1000) / durationMs };
  });
  const step = Math.max(1, Math.floor(orderIds.length / 200));
  const times: number[] = [];
  for (let index = 0; index < orderIds.length; index += step) {
    const timeMs = await completionTimeMs(shop, orderIds[index] ?? '');
    if (timeMs === undefined) throw new BenchError(`Order ${orderIds[index]} was not completed`);
    times.push(timeMs);
  }
  return { ...row, completionMs: percentiles(times) };
}

async function main(): Promise<void> {
  const options = parseOptions();
  const sender = createSender(options.url, options.connections);
  const stock = Math.ceil((options.durationMs / 1000) * options.rounds * 20) + 1000;
  const shop = await prepareShop(options.url, stock);
  const rows: Row[] = [];
  const reading = readingPaths(shop);
  const wanted = (name: string) => options.only === undefined || options.only.includes(name);
  for (let round = 1; round <= options.rounds; round += 1) {
    for (const [name, path] of Object.entries(reading)) {
      if (!wanted(name)) continue;
      process.stderr.write(`round ${round} of ${options.rounds}: ${name}\n`);
      const shot = async (sequence: number) => (await sender.send({ path: path(sequence) })).status;
      rows.push(await measured(options, name, () => runLoad({ shot, ...options })));
    }
    if (!wanted('checkout')) continue;
    process.stderr.write(`round ${round} of ${options.rounds}: checkout\n`);
    rows.push(await benchCheckout(options, sender, shop));
  }
  await sender.close();
  const machine = { cores: cpus().length, model: cpus()[0]?.model, node: process.version };
  mkdirSync(options.out.replace(/[^/]*$/, '') || '.', { recursive: true });
  writeFileSync(options.out, `${JSON.stringify({ at: new Date().toISOString(), machine, options, rows }, null, 2)}\n`);
  process.stdout.write(printTable(rows));
  process.stdout.write(`\nWritten to ${options.out}\n`);
}

main().catch((error: unknown) => {
  process.stderr.write(`bench: ${error instanceof BenchError ? error.message : String(error)}\n`);
  process.exitCode = 1;
});
