import { randomUUID } from 'node:crypto';
import type { PublishOutcome } from '@souk/messaging';
import { createTestDatabase, silentLogger, type TestDatabase, waitFor } from '@souk/testing';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { aShippedOrder, migrations, type RecordingBroker, recordingBroker, testMetrics } from '../test/fixtures.ts';
import { insertOutbox, republishLast } from './outbox.ts';
import { createRelay, type Relay } from './relay.ts';
import { claimRows } from './relay-statements.ts';

let database: TestDatabase;
beforeAll(async () => {
  database = await createTestDatabase(migrations);
});
afterAll(() => database.drop());

type Step =
  | { kind: 'tell'; aggregate: number; events: number }
  | { kind: 'tell-late'; aggregate: number }
  | { kind: 'redrive'; aggregate: number }
  | { kind: 'crash' }
  | { kind: 'outcomes'; outcomes: PublishOutcome[] };

const aggregate = fc.integer({ min: 0, max: 2 });
const aStep: fc.Arbitrary<Step> = fc.oneof(
  fc.record({ kind: fc.constant('tell' as const), aggregate, events: fc.integer({ min: 1, max: 4 }) }),
  fc.record({ kind: fc.constant('tell-late' as const), aggregate }),
  fc.record({ kind: fc.constant('redrive' as const), aggregate }),
  fc.record({ kind: fc.constant('crash' as const) }),
  fc.record({
    kind: fc.constant('outcomes' as const),
    outcomes: fc.array(fc.constantFrom<PublishOutcome>('confirmed', 'failed', 'returned'), {
      minLength: 1,
      maxLength: 6,
    }),
  }),
);

/** One run: two relays over one table while things go wrong; afterwards nothing goes wrong any more. */
class Run {
  readonly aggregates = [randomUUID(), randomUUID(), randomUUID()];
  readonly told: string[] = [];
  readonly confirmed = new Set<string>();
  readonly broker: RecordingBroker = recordingBroker();
  readonly #relays: Relay[] = [];
  readonly #outcomes: PublishOutcome[] = [];
  #sequence = 0;

  constructor() {
    this.broker.outcomeOf = (message) => {
      const outcome = this.#outcomes.shift() ?? 'confirmed';
      if (outcome === 'confirmed') this.confirmed.add(message.id);
      return outcome;
    };
    for (let index = 0; index < 2; index += 1) {
      const options = { pool: database.pool, broker: this.broker, logger: silentLogger(), metrics: testMetrics() };
      const relay = createRelay({ ...options, pollIntervalMs: 20, leaseMs: 600, batchMax: 3 });
      this.#relays.push(relay);
      void relay.start();
    }
  }

  async take(step: Step): Promise<void> {
    if (step.kind === 'tell') await insertOutbox(database.pool, this.#events(step.aggregate, step.events));
    if (step.kind === 'redrive') await republishLast(database.pool, [this.#id(step.aggregate)]);
    // A relay that claims and is never heard of again.
    if (step.kind === 'crash') await claimRows(database.pool, { claimId: randomUUID(), leaseMs: 300, batchMax: 3 });
    if (step.kind === 'outcomes') this.#outcomes.push(...step.outcomes);
    if (step.kind !== 'tell-late') return;
    const client = await database.pool.connect();
    await client.query('BEGIN');
    await insertOutbox(client, this.#events(step.aggregate, 1));
    await insertOutbox(database.pool, this.#events((step.aggregate + 1) % 3, 1));
    await client.query('COMMIT');
    client.release();
  }

  #id(index: number): string {
    return this.aggregates[index] ?? expect.unreachable();
  }

  #events(index: number, count: number) {
    const events = Array.from({ length: count }, () => {
      this.#sequence += 1;
      return aShippedOrder({ orderId: this.#id(index), sequence: this.#sequence });
    });
    this.told.push(...events.map((event) => event.id));
    return events;
  }

  async stop(): Promise<void> {
    await Promise.all(this.#relays.map((relay) => relay.stop()));
  }
}

describe('two relays, whatever happens', () => {
  it('publish every event, mark none that was not confirmed, and keep nothing claimed', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(aStep, { minLength: 3, maxLength: 14 }), async (steps) => {
        await database.ownerPool.query('TRUNCATE outbox');
        const run = new Run();
        try {
          for (const step of steps) {
            await run.take(step);
            const { rows } = await database.pool.query<{ id: string }>(
              'SELECT id FROM outbox WHERE published_at IS NOT NULL',
            );
            for (const { id } of rows) expect(run.confirmed.has(id)).toBe(true);
          }
          await waitFor(
            async () => (await database.pool.query('SELECT 1 FROM outbox WHERE published_at IS NULL')).rowCount === 0,
            { timeoutMs: 30_000, what: 'an empty outbox' },
          );
          const published = run.broker.published.map((message) => message.id);
          expect([...new Set(published)].sort()).toEqual([...run.told].sort());
          const claimed = await database.pool.query('SELECT 1 FROM outbox WHERE claimed_by IS NOT NULL');
          expect(claimed.rowCount).toBe(0);
        } finally {
          await run.stop();
        }
      }),
      { numRuns: 15, endOnFailure: true },
    );
  }, 120_000);
});
