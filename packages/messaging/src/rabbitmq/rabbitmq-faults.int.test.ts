import { readdirSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { silentLogger } from '@souk/testing';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { aMessage, someMessages } from '../../test/messages.ts';
import { type RabbitMqWorld, startRabbitMqWorld, testPrefix, withAdmin } from '../../test/rabbitmq-world.ts';
import type { PublishOutcome } from '../broker.ts';
import type { MetricsFactory } from '../broker-metrics.ts';

/** Class 10 is the connection; method 60 is blocked (with a reason), 61 unblocked; both on channel 0, ended by 0xCE. */
const BLOCKED_FRAME = Buffer.from([1, 0, 0, 0, 0, 0, 11, 0, 10, 0, 60, 6, ...Buffer.from('memory'), 0xce]);
const UNBLOCKED_FRAME = Buffer.from([1, 0, 0, 0, 0, 0, 4, 0, 10, 0, 61, 0xce]);

let world: RabbitMqWorld;
let values: Map<string, number>;

/** Keeps the newest value of each metric and label. */
function recordingMetrics(): MetricsFactory {
  values = new Map();
  const keyOf = (name: string, labels: Record<string, string>) => [name, ...Object.values(labels)].join(' ');
  return {
    counter: (name) => ({
      inc: (labels, value = 1) => void values.set(keyOf(name, labels), (values.get(keyOf(name, labels)) ?? 0) + value),
    }),
    gauge: (name) => ({ set: (labels, value) => void values.set(keyOf(name, labels), value) }),
  };
}

beforeEach(async () => {
  world = await startRabbitMqWorld({ metrics: recordingMetrics() });
});
afterEach(() => world.dispose());

async function until(condition: () => boolean, timeoutMs = 20_000): Promise<number> {
  const startedAt = Date.now();
  while (!condition()) {
    if (Date.now() - startedAt > timeoutMs) expect.fail(`not within ${timeoutMs} ms: ${condition}`);
    await sleep(10);
  }
  return Date.now() - startedAt;
}

async function collectIds(queue = 'tailor.events'): Promise<Set<string | undefined>> {
  const ids = new Set<string | undefined>();
  await world.broker().consume({
    queue,
    prefetch: 50,
    batchMax: 20,
    async onBatch(batch) {
      for (const delivery of batch) {
        ids.add(delivery.id);
        delivery.ack();
      }
    },
  });
  await untilConsuming(ids);
  return ids;
}

/** Until then the consuming connection may still be declaring what a test is about to delete. */
async function untilConsuming(seen: Set<string | undefined>): Promise<void> {
  await publishUntilConfirmed('before all others');
  await until(() => seen.delete('before all others'));
}

async function publishUntilConfirmed(id: string): Promise<void> {
  for (;;) {
    // Long, so that a loaded machine does not send a message twice that is only late.
    const [outcome] = await world.broker().publish([aMessage(id)], { timeoutMs: 15_000 });
    if (outcome === 'confirmed') return;
    await sleep(20);
  }
}

/**
 * RabbitMQ answers that a binding or an exchange is gone a moment before it routes accordingly: publishes messages until
 * one has that outcome, and says which.
 */
async function publishUntil(wanted: PublishOutcome): Promise<string> {
  for (let number = 0; ; number += 1) {
    const [outcome] = await world.broker().publish([aMessage(`message-${number}`)]);
    if (outcome === wanted) return `message-${number}`;
  }
}

/** Deletes a queue, and waits until what is sent to it comes back. */
async function deleteRetryQueue(name: string): Promise<void> {
  await withAdmin(async (channel) => {
    let isGone = false;
    channel.on('return', () => {
      isGone = true;
    });
    await channel.deleteQueue(name);
    while (!isGone) {
      channel.publish('', name, Buffer.from(''), { mandatory: true });
      await channel.waitForConfirms();
    }
  });
}

describe('the RabbitMQ broker under connection faults', () => {
  it('connects although the link drops at every stage of the handshake and the setup', async () => {
    for (let bytes = 0; bytes <= 1_500; bytes += 100) {
      world.proxy.cutAfterBytes(bytes);
      world.proxy.cut();
      await sleep(150);
    }
    world.proxy.cutAfterBytes(undefined);
    world.proxy.cut();
    await until(() => world.broker().isReady());
    const ids = await collectIds();
    await publishUntilConfirmed('after the cuts');
    await until(() => ids.has('after the cuts'));
  });

  it('loses nothing through 20 cuts, consumes again after the last, and leaves no descriptor behind', {
    timeout: 90_000,
  }, async () => {
    const ids = await collectIds();
    await publishUntilConfirmed('before');
    const descriptorsBefore = readdirSync('/proc/self/fd').length;
    const confirmed: string[] = [];
    let publishing = true;
    const publisher = (async () => {
      for (let number = 0; publishing; number += 1) {
        await publishUntilConfirmed(`message-${number}`);
        confirmed.push(`message-${number}`);
      }
    })();
    for (let cut = 0; cut < 20; cut += 1) {
      // In the middle of the work: a cut that meets a connection in the making is another test's.
      const confirmedBefore = confirmed.length;
      await until(() => confirmed.length > confirmedBefore);
      await sleep(cut * 5);
      world.proxy.cut();
    }
    await until(() => world.broker().isReady());
    publishing = false;
    await publisher;
    await publishUntilConfirmed('after');
    await until(() => ids.has('after') && confirmed.every((id) => ids.has(id)));
    expect(confirmed.length).toBeGreaterThanOrEqual(20);
    expect(readdirSync('/proc/self/fd').length).toBeLessThanOrEqual(descriptorsBefore + 2);
    expect(values.get('souk_broker_connected publish')).toBe(1);
    expect(values.get('souk_broker_connected consume')).toBe(1);
  });

  it('answers within the timeout while the broker is stalled, and goes on when it wakes up', async () => {
    const ids = await collectIds();
    world.proxy.stall(true);
    const startedAt = Date.now();
    expect(await world.broker().publish([aMessage('m1')], { timeoutMs: 500 })).toEqual(['failed']);
    // The default, for which a caller that names its own does not wait, is five seconds.
    expect(Date.now() - startedAt).toBeLessThan(4_500);
    world.proxy.stall(false);
    await publishUntilConfirmed('m2');
    await until(() => ids.has('m1') && ids.has('m2'));
  });

  it('does not wait for ever on a stalled handshake', async () => {
    world.proxy.stall(true);
    world.proxy.cut();
    // Longer than the handshake's deadline: the attempt that was stalled must have been given up.
    await sleep(6_000);
    expect(world.broker().isReady()).toBe(false);
    world.proxy.cut();
    world.proxy.stall(false);
    await until(() => world.broker().isReady());
  });

  it('closes within bounded time while the broker is stalled', async () => {
    await collectIds();
    world.proxy.stall(true);
    const startedAt = Date.now();
    await world.broker().close();
    expect(Date.now() - startedAt).toBeLessThan(20_000);
    world.proxy.stall(false);
  });

  it('starts while the broker is away: a consumption waits, a publish fails at once', async () => {
    const away = await startRabbitMqWorld({ url: 'amqp://guest:guest@127.0.0.1:1', logger: silentLogger() });
    const consumption = await away.broker().consume({
      queue: 'tailor.events',
      prefetch: 1,
      batchMax: 1,
      onBatch: async () => {},
    });
    expect(await away.broker().publish([aMessage('m1')])).toEqual(['failed']);
    await consumption.stop();
    await away.dispose();
  });
});

describe('the RabbitMQ broker under faults of the broker itself', () => {
  it('stops publishing while an alarm blocks it, goes on consuming, and tells when the alarm is over', async () => {
    const ids = await collectIds();
    let readyCount = 0;
    world.broker().onReady(() => {
      readyCount += 1;
    });
    world.proxy.inject(BLOCKED_FRAME);
    await until(() => !world.broker().isReady());
    expect(values.get('souk_broker_blocked')).toBe(1);
    const startedAt = Date.now();
    expect(await world.broker().publish([aMessage('m1')])).toEqual(['failed']);
    expect(Date.now() - startedAt).toBeLessThan(4_000);
    await withAdmin(async (channel) => {
      channel.publish(`${world.prefix}souk.events`, 'order.created', Buffer.from('{}'), { messageId: 'other' });
      await channel.waitForConfirms();
    });
    await until(() => ids.has('other'));
    world.proxy.inject(UNBLOCKED_FRAME);
    await until(() => world.broker().isReady());
    expect(readyCount).toBe(1);
    expect(values.get('souk_broker_blocked')).toBe(0);
    await publishUntilConfirmed('m2');
  });

  it('declares a queue that was deleted under its consumer, and consumes again', async () => {
    const ids = await collectIds();
    await withAdmin((channel) => channel.deleteQueue(`${world.prefix}tailor.events`));
    await sleep(50);
    await publishUntilConfirmed('after the deletion');
    await until(() => ids.has('after the deletion'));
  });

  it('sees a message come back when its binding is gone, and restores the binding', async () => {
    const ids = await collectIds();
    await withAdmin((channel) =>
      channel.unbindQueue(`${world.prefix}tailor.events`, `${world.prefix}souk.events`, 'order.created'),
    );
    const lost = await publishUntil('returned');
    expect(values.get('souk_messages_published_total returned')).toBe(1);
    await publishUntilConfirmed(lost);
    await until(() => ids.has(lost));
  });

  it('fails to publish to an exchange that was deleted, and declares it again', async () => {
    const ids = await collectIds();
    await withAdmin((channel) => channel.deleteExchange(`${world.prefix}souk.events`));
    const lost = await publishUntil('failed');
    await publishUntilConfirmed(lost);
    await until(() => ids.has(lost));
  });

  it('gives a message back, later, when its retry queue does not take it', async () => {
    const attempts: number[] = [];
    const others = new Set<string | undefined>();
    await world.broker().consume({
      queue: 'tailor.events',
      prefetch: 1,
      batchMax: 1,
      async onBatch([delivery]) {
        if (delivery?.id !== 'm1') {
          others.add(delivery?.id);
          return delivery?.ack();
        }
        attempts.push(delivery?.attempt ?? 0);
        await (attempts.length <= 2 ? delivery?.retry('broken') : delivery?.ack());
      },
    });
    await untilConsuming(others);
    await deleteRetryQueue(`${world.prefix}tailor.events.retry.100`);
    await publishUntilConfirmed('m1');
    // First the copy comes back and the message is given back; then the queue is there again.
    await until(() => attempts.length === 3);
    expect(attempts).toEqual([1, 1, 2]);
    expect(values.get('souk_messages_redelivered_total tailor.events')).toBe(1);
    expect(values.get('souk_messages_retried_total tailor.events')).toBe(1);
  });

  it('publishes more than its window at once, and confirms each', async () => {
    const ids = await collectIds();
    const outcomes = await world.broker().publish(someMessages(2_000), { timeoutMs: 20_000 });
    expect(new Set(outcomes)).toEqual(new Set(['confirmed']));
    await until(() => ids.size === 2_000);
  });

  it('waits with its close until what it has published is confirmed', async () => {
    const published = world.broker().publish(someMessages(400), { timeoutMs: 20_000 });
    await world.broker().close();
    expect(new Set(await published)).toEqual(new Set(['confirmed']));
  });

  it('uses a queue that exists with other arguments than its own', async () => {
    const prefix = testPrefix();
    await withAdmin((channel) => channel.assertQueue(`${prefix}tailor.events`, { durable: true }));
    const older = await startRabbitMqWorld({ prefix });
    expect(await older.broker().publish([aMessage('m1')])).toEqual(['confirmed']);
    await older.dispose();
  });
});
