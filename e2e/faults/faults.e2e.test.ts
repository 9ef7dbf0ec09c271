import { appendFileSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Campaign, type Round } from './src/campaign.ts';
import { FAULTS } from './src/fault-catalogue.ts';
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
const PAIRS = Number(process.env.SOUK_FAULT_PAIRS ?? '1');
const DURATION_MS = Number(process.env.SOUK_FAULT_DURATION_MS ?? '3000');

describe('the platform', () => {
  let campaign: Campaign;
  beforeAll(async () => {
    campaign = await Campaign.start();
  });
  afterAll(() => campaign?.stop());

  const run = async (round: Round) => {
    const report = await campaign.round(round);
    const line = `${round.faults.join(' + ')} | seed ${round.seed} | ${Object.entries(report)
      .map(([name, value]) => `${name} ${value}`)
      .join(', ')}`;
    console.log(line);
    if (process.env.SOUK_FAULT_REPORT) appendFileSync(process.env.SOUK_FAULT_REPORT, `${line}\n`);
    expect(report.ok).toBeGreaterThan(0);
  };

  it.each(names)('loses nothing and does nothing twice: %s', (name) =>
    run({ faults: [name], seed: FAULT_SEED, durationMs: DURATION_MS }),
  );

  it.each(Array.from({ length: PAIRS }, (_, index) => FAULT_SEED + index))(
    'loses nothing and does nothing twice under two faults at once, seed %i',
    (seed) => {
      const faults = seededRandom(seed)
        .shuffle([...FAULTS.keys()])
        .slice(0, 2);
      return run({ faults, seed, durationMs: DURATION_MS });
    },
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
