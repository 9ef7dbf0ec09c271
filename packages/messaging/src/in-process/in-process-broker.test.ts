import { describe, expect, it, vi } from 'vitest';
import { type BrokerWorld, describeBroker } from '../../test/broker-conformance.ts';
import { aMessage, someMessages, TEST_QUEUES, TEST_RETRY_DELAYS_MS } from '../../test/messages.ts';
import type { Delivery, PublishOutcome } from '../broker.ts';
import { createInProcessBroker } from './in-process-broker.ts';

const createBroker = () => createInProcessBroker({ queues: TEST_QUEUES, retryDelaysMs: TEST_RETRY_DELAYS_MS });

describeBroker('in-process', async (): Promise<BrokerWorld> => {
  let broker = createBroker();
  return {
    broker: () => broker,
    async crash() {
      const old = broker;
      broker = createBroker();
      await old.close();
    },
    dispose: () => broker.close(),
  };
});

describe('the in-process broker', () => {
  it('confirms a message only when the consumers of all its queues have acknowledged it', async () => {
    const broker = createBroker();
    const held: (() => void)[] = [];
    await broker.consume({
      queue: 'tailor.events',
      prefetch: 10,
      batchMax: 10,
      onBatch: async (batch) => batch.forEach((delivery) => void delivery.ack()),
    });
    await broker.consume({
      queue: 'baker.events',
      prefetch: 10,
      batchMax: 10,
      onBatch: async (batch) => batch.forEach((delivery) => void held.push(delivery.ack)),
    });
    const message = aMessage('m1', { type: 'order.cancelled' });
    expect(await broker.publish([message], { timeoutMs: 50 })).toEqual(['failed']);
    const again = broker.publish([message]);
    expect(held.length).toBe(1);
    held[0]?.();
    expect(await again).toEqual(['confirmed']);
    await broker.close();
  });

  it('joins a message that is published again while it is in flight', async () => {
    const broker = createBroker();
    const outcomes = [
      broker.publish([aMessage('m1')]),
      broker.publish([aMessage('m1')]),
      broker.publish([aMessage('m1')]),
    ];
    const seen: (string | undefined)[] = [];
    await broker.consume({
      queue: 'tailor.events',
      prefetch: 10,
      batchMax: 10,
      async onBatch(batch) {
        seen.push(...batch.map((delivery) => delivery.id));
        for (const delivery of batch) await (delivery.attempt === 1 ? delivery.retry('once') : delivery.ack());
      },
    });
    await vi.waitFor(() => expect(seen).toHaveLength(1), 10_000);
    outcomes.push(broker.publish([aMessage('m1')]));
    expect(await Promise.all(outcomes)).toEqual([['confirmed'], ['confirmed'], ['confirmed'], ['confirmed']]);
    expect(seen).toEqual(['m1', 'm1']);
    await broker.close();
  });

  it('does not repeat a publication at the queues that are done with it', async () => {
    const broker = createBroker();
    let tailored = 0;
    await broker.consume({
      queue: 'tailor.events',
      prefetch: 10,
      batchMax: 10,
      async onBatch(batch) {
        tailored += batch.length;
        for (const delivery of batch) delivery.ack();
      },
    });
    const message = aMessage('m1', { type: 'order.cancelled' });
    await broker.publish([message], { timeoutMs: 30 });
    await broker.publish([message], { timeoutMs: 30 });
    expect(tailored).toBe(1);
    const redriven = aMessage('m1', { type: 'order.cancelled', body: Buffer.from('{"redrive":"1"}') });
    await broker.publish([redriven], { timeoutMs: 30 });
    expect(tailored).toBe(2);
    await broker.close();
  });

  it('confirms a dead letter only when it was taken', async () => {
    const broker = createBroker();
    await broker.consume({
      queue: 'tailor.events',
      prefetch: 10,
      batchMax: 10,
      onBatch: async (batch) => void (await Promise.all(batch.map((delivery) => delivery.deadLetter('poison')))),
    });
    expect(await broker.publish([aMessage('m1')], { timeoutMs: 50 })).toEqual(['failed']);
    await broker.consume({
      queue: 'tailor.events.dlq',
      prefetch: 10,
      batchMax: 10,
      onBatch: async (batch) => batch.forEach((delivery) => void delivery.ack()),
    });
    expect(await broker.publish([aMessage('m1')])).toEqual(['confirmed']);
    await broker.close();
  });

  it('refuses what has no room, so that the outbox keeps it', async () => {
    const broker = createBroker();
    const outcomes = broker.publish(someMessages(20_001), { timeoutMs: 100 });
    const refused = broker.publish([aMessage('one too many')], { timeoutMs: 5_000 });
    expect(await refused).toEqual(['failed']);
    await broker.close();
    expect(new Set(await outcomes)).toEqual(new Set(['failed']));
  });

  it('leaves no timer behind: a retry that waits does not keep the process alive', async () => {
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
    try {
      const broker = createInProcessBroker({ queues: TEST_QUEUES, retryDelaysMs: [0, 60_000] });
      let published: Promise<PublishOutcome[]> | undefined;
      await new Promise<void>((resolve) => {
        const onBatch = async ([delivery]: Delivery[]) => {
          await delivery?.retry('later');
          resolve();
        };
        void broker.consume({ queue: 'tailor.events', prefetch: 1, batchMax: 1, onBatch });
        published = broker.publish([aMessage('m1')]);
      });
      // The retry, and the publication that waits for it.
      expect(vi.getTimerCount()).toBe(2);
      await broker.close();
      expect(await published).toEqual(['failed']);
      expect(vi.getTimerCount()).toBe(0);
    } finally {
      vi.useRealTimers();
    }
  });
});
