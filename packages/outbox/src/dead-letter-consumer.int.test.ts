import type { Delivery } from '@souk/messaging';
import { createTestDatabase, silentLogger, type TestDatabase } from '@souk/testing';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { aMessage, aShippedOrder, migrations, recordingBroker, testMetrics } from '../test/fixtures.ts';
import { createDeadLetterConsumer } from './dead-letter-consumer.ts';

let database: TestDatabase;
beforeAll(async () => {
  database = await createTestDatabase(migrations);
});
afterAll(() => database.drop());

it('stores what stands behind a dead letter that the table does not take, and loses neither', async () => {
  await database.ownerPool.query(`ALTER TABLE dead_letters ADD CONSTRAINT not_this_one CHECK (reason <> 'poison')`);
  let onBatch: ((batch: Delivery[]) => Promise<void>) | undefined;
  const broker = recordingBroker();
  const { consume } = broker;
  broker.consume = async (options) => {
    onBatch = options.onBatch;
    return consume(options);
  };
  const { pool } = database;
  const options = { service: 'notification-service', pool, broker, logger: silentLogger(), metrics: testMetrics() };
  const consumer = createDeadLetterConsumer(options);
  await consumer.start();
  const acked: string[] = [];
  const aLetter = (reason: string): Delivery => {
    const message = aMessage(aShippedOrder());
    return {
      id: message.id,
      type: message.type,
      contentType: 'application/cloudevents+json',
      body: message.body,
      headers: { 'x-dead-letter-reason': reason },
      correlationId: undefined,
      attempt: 1,
      redelivered: false,
      ack: () => void acked.push(reason),
      release: () => {},
      retry: async () => {},
      deadLetter: async () => {},
    };
  };
  await expect(onBatch?.([aLetter('poison'), aLetter('first'), aLetter('second')])).rejects.toThrow('not_this_one');
  expect(acked).toEqual(['first', 'second']);
  expect((await pool.query('SELECT reason FROM dead_letters ORDER BY id')).rows).toEqual([
    { reason: 'first' },
    { reason: 'second' },
  ]);
  await consumer.stop();
});
