import { appendFileSync, writeFileSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Campaign, type Round } from './src/campaign.ts';
import { FAULTS, FAULTS_ON_SHARED_SERVERS } from './src/fault-catalogue.ts';
import { republishAll, sendPoison } from './src/queues.ts';
import { FAULT_SEED, seededRandom } from './src/seeded-random.ts';

/** What every change is tested with; SOUK_FAULTS=all tries each, `broker,kill` those with such names. */
const SELECTION = [
  'kill after commit of order-service',
  'kill at ack of payment-service',
  'broker cut often',
  'queues purged',
  'backends terminated: orders',
];
const wanted = (process.env.SOUK_FAULTS ?? '').split(',').filter((part) => part !== '');
const isWanted = (name: string) => wanted.some((part) => part === 'all' || name.includes(part));
const names = wanted.length === 0 ? SELECTION : [...FAULTS.keys()].filter(isWanted);
/** Whoever asks for faults by name may mean those that need PostgreSQL, RabbitMQ and Redis to themselves. */
const ownServers =
  names.some((name) => FAULTS.get(name)?.needsOwnServers) || process.env.SOUK_FAULT_PAIRS !== undefined;
const pairable = ownServers ? [...FAULTS.keys()] : FAULTS_ON_SHARED_SERVERS;
const PAIRS = Number(process.env.SOUK_FAULT_PAIRS ?? '1');
const REPORT = process.env.SOUK_FAULT_REPORT;
const DURATION_MS = Number(process.env.SOUK_FAULT_DURATION_MS ?? '3000');
/** Until everything unknown is decided, everything settled, and a platform started anew where that failed. */
const ROUND_TIMEOUT_MS = 180_000 + 3 * DURATION_MS;

describe('the platform', () => {
  let campaign: Campaign;
  beforeAll(async () => {
    campaign = await Campaign.start({ ownServers });
  });
  afterAll(() => campaign?.stop());

  const say = (line: string) => {
    console.log(line);
    if (REPORT) appendFileSync(REPORT, `${line}\n`);
  };

  /** What has failed once would fail every further round: the next one has a platform of its own. */
  const startAnew = async (name: string) => {
    if (REPORT) writeFileSync(`${REPORT}.${name.replaceAll(/[^a-z0-9-]+/g, '-')}.log`, campaign.fault.platform.logs());
    await campaign.stop();
    campaign = await Campaign.start({ ownServers });
  };

  const run = async (round: Round) => {
    const name = `${round.faults.join(' + ') || 'poison'} | seed ${round.seed}`;
    try {
      const report = await campaign.round(round);
      const figures = Object.entries(report).map(([what, value]) => `${what} ${value}`);
      say(`${name} | ${figures.join(', ')}`);
      expect(report.ok).toBeGreaterThan(0);
    } catch (error) {
      say(`${name} | FAILED: ${String(error)}`);
      await startAnew(name);
      throw error;
    }
  };

  it.each(names)(
    'loses nothing and does nothing twice: %s',
    (name) => run({ faults: [name], seed: FAULT_SEED, durationMs: DURATION_MS }),
    ROUND_TIMEOUT_MS,
  );

  it.each(Array.from({ length: PAIRS }, (_, index) => FAULT_SEED + index))(
    'loses nothing and does nothing twice under two faults at once, seed %i',
    (seed) => {
      const faults = seededRandom(seed).shuffle(pairable).slice(0, 2);
      return run({ faults, seed, durationMs: DURATION_MS });
    },
    ROUND_TIMEOUT_MS,
  );

  it('changes nothing when every message comes three times more, in any order', async () => {
    const { platform, share } = campaign.fault;
    const copies = await republishAll(platform, share, { times: 3, random: seededRandom(FAULT_SEED) });
    expect(copies).toBeGreaterThan(0);
    await campaign.expectAllToHold();
    campaign.expectNoCrash();
  });

  it('puts messages that nobody can take aside, and only those', async () => {
    const { share } = campaign.fault;
    for (const service of ['order-service', 'payment-service', 'product-service', 'notification-service']) {
      campaign.deadLettersExpected += await sendPoison(share, `${service}.events`);
    }
    await run({ faults: [], seed: FAULT_SEED, durationMs: 0 });
  });
});
