import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Broker, ConsumeOptions, Delivery, OutgoingMessage } from '../src/index.ts';
import { aMessage, contentOf, someMessages, TEST_RETRY_DELAYS_MS } from './messages.ts';

/** Queues of their own for one test, with TEST_QUEUES and TEST_RETRY_DELAYS_MS, and whoever is connected to them. */
export interface BrokerWorld {
  /** The broker as the process under test sees it; another one after a crash. */
  broker(): Broker;
  /** The process dies with everything it had not settled, and starts again. */
  crash(): Promise<void>;
  dispose(): Promise<void>;
}

/** What every adapter of the broker port must do. `startWorld` gives each test empty queues. */
export function describeBroker(name: string, startWorld: () => Promise<BrokerWorld>): void {
  describe(`the broker port: ${name}`, () => {
    let world: BrokerWorld;
    beforeEach(async () => {
      world = await startWorld();
    });
    afterEach(() => world.dispose());
    const current = { broker: () => world.broker(), crash: () => world.crash() };
    describePublishing(current);
    describeConsuming(current);
    describeSettling(current);
    describeRetrying(current);
    describeEnding(current);
  });
}

type World = Pick<BrokerWorld, 'broker' | 'crash'>;

/** Consumes and keeps what came; `settle` says what happens to each. */
async function collect(
  broker: Broker,
  settle: (delivery: Delivery) => void | Promise<void>,
  options: Partial<ConsumeOptions> = {},
) {
  const deliveries: Delivery[] = [];
  const batchSizes: number[] = [];
  const consumption = await broker.consume({
    queue: 'tailor.events',
    prefetch: 100,
    batchMax: 20,
    async onBatch(batch) {
      deliveries.push(...batch);
      batchSizes.push(batch.length);
      for (const delivery of batch) await settle(delivery);
    },
    ...options,
  });
  return { ...consumption, deliveries, batchSizes, ids: () => deliveries.map((delivery) => delivery.id) };
}

const ack = (delivery: Delivery) => delivery.ack();
const keep = () => {};

/** What the relay does: until the broker takes the responsibility, the message is published again. */
async function publishUntilConfirmed(world: World, message: OutgoingMessage): Promise<void> {
  for (;;) {
    // Long, so that a loaded machine does not send a message twice that is only late.
    const [outcome] = await world.broker().publish([message], { timeoutMs: 15_000 });
    if (outcome === 'confirmed') return;
    await sleep(20);
  }
}

async function until(condition: () => boolean, timeoutMs = 20_000): Promise<void> {
  const deadline = Date.now() + timeoutMs;
  while (!condition()) {
    if (Date.now() > deadline) expect.fail(`not within ${timeoutMs} ms: ${condition}`);
    await sleep(5);
  }
}

function describePublishing(world: World): void {
  it('confirms a message and hands it to the consumer as it was sent', async () => {
    const { deliveries } = await collect(world.broker(), ack);
    const message = aMessage('m1', { correlationId: 'order-1', traceparent: '00-a-b-01', headers: { redrive: 2 } });
    expect(await world.broker().publish([message])).toEqual(['confirmed']);
    await until(() => deliveries.length === 1);
    expect(deliveries.map(contentOf)).toEqual([
      {
        id: 'm1',
        type: 'order.created',
        contentType: 'application/cloudevents+json',
        body: '{"id":"m1"}',
        correlationId: 'order-1',
        attempt: 1,
        redelivered: false,
      },
    ]);
    expect(deliveries[0]?.headers).toMatchObject({ traceparent: '00-a-b-01', redrive: 2 });
  });

  it('returns a mandatory message that no queue takes, and confirms one that need not arrive', async () => {
    const orphan = { type: 'product.updated' };
    const messages = [aMessage('m1', orphan), aMessage('m2', { ...orphan, mandatory: false })];
    expect(await world.broker().publish(messages)).toEqual(['returned', 'confirmed']);
  });

  it('holds the messages of a queue until a consumer comes', async () => {
    const published = world.broker().publish([aMessage('m1'), aMessage('m2')]);
    await sleep(100);
    const { ids } = await collect(world.broker(), ack);
    expect(await published).toEqual(['confirmed', 'confirmed']);
    await until(() => ids().length === 2);
  });

  it('gives a message to every queue that is bound for its type', async () => {
    const tailor = await collect(world.broker(), ack);
    const baker = await collect(world.broker(), ack, { queue: 'baker.events' });
    await world.broker().publish([aMessage('m1', { type: 'order.cancelled' }), aMessage('m2')]);
    await until(() => tailor.ids().length === 2 && baker.ids().length === 1);
    expect(tailor.ids()).toEqual(['m1', 'm2']);
    expect(baker.ids()).toEqual(['m1']);
  });

  it('sends to one queue past the exchange, whatever the type is bound to', async () => {
    const tailor = await collect(world.broker(), ack);
    const baker = await collect(world.broker(), ack, { queue: 'baker.events' });
    const message = aMessage('m1', { type: 'order.cancelled', mandatory: false });
    expect(await world.broker().sendToQueue('baker.events', [message])).toEqual(['confirmed']);
    await until(() => baker.ids().length === 1);
    await sleep(50);
    expect(tailor.ids()).toEqual([]);
    expect(baker.deliveries[0]?.type).toBe('order.cancelled');
  });

  it('keeps the order of a queue', async () => {
    const { ids } = await collect(world.broker(), ack);
    const messages = someMessages(300);
    await world.broker().publish(messages);
    await until(() => ids().length === 300);
    expect(ids()).toEqual(messages.map((message) => message.id));
  });

  it('answers a publish of nothing with nothing', async () => {
    expect(await world.broker().publish([])).toEqual([]);
  });
}

function describeConsuming(world: World): void {
  it('hands out what is ready as one batch, at most batchMax', async () => {
    const published = world.broker().publish(someMessages(50));
    await sleep(100);
    const { ids, batchSizes } = await collect(world.broker(), ack, { batchMax: 20 });
    await until(() => ids().length === 50);
    expect(await published).not.toContain('failed');
    expect(Math.max(...batchSizes)).toBeLessThanOrEqual(20);
    expect(Math.max(...batchSizes)).toBeGreaterThan(1);
  });

  it('never hands out more unsettled messages than the prefetch', async () => {
    const { deliveries } = await collect(world.broker(), keep, { prefetch: 3, batchMax: 2 });
    const published = world.broker().publish(someMessages(10));
    await until(() => deliveries.length === 3);
    await sleep(100);
    expect(deliveries.length).toBe(3);
    for (let settled = 0; settled < 10; settled += 1) {
      await until(() => deliveries.length > settled);
      deliveries[settled]?.ack();
    }
    expect(new Set(await published)).toEqual(new Set(['confirmed']));
  });

  it('runs the batches of a consumption one after the other', async () => {
    let running = 0;
    let runningMax = 0;
    let taken = 0;
    await world.broker().consume({
      queue: 'tailor.events',
      prefetch: 10,
      batchMax: 2,
      async onBatch(batch) {
        running += 1;
        runningMax = Math.max(runningMax, running);
        await sleep(5);
        for (const delivery of batch) delivery.ack();
        taken += batch.length;
        running -= 1;
      },
    });
    await world.broker().publish(someMessages(10));
    await until(() => taken === 10);
    expect(runningMax).toBe(1);
  });

  it('takes nothing while paused, although pausing happens inside a batch, and everything after resuming', async () => {
    const seen: (string | undefined)[] = [];
    const consumption = await world.broker().consume({
      queue: 'tailor.events',
      prefetch: 10,
      batchMax: 1,
      async onBatch(batch) {
        seen.push(...batch.map((delivery) => delivery.id));
        if (seen.length === 1) {
          await consumption.pause();
          for (const delivery of batch) delivery.release();
        } else for (const delivery of batch) delivery.ack();
      },
    });
    const published = world.broker().publish(someMessages(3));
    await until(() => seen.length === 1);
    await sleep(150);
    expect(seen).toEqual(['message-0']);
    await consumption.resume();
    await until(() => seen.length === 4);
    expect(new Set(seen.slice(1))).toEqual(new Set(['message-0', 'message-1', 'message-2']));
    expect(new Set(await published)).toEqual(new Set(['confirmed']));
  });

  it('serves a queue to another consumer when the first one paused with messages in hand', async () => {
    const slow = async (delivery: Delivery) => {
      await sleep(300);
      delivery.ack();
    };
    const first = await collect(world.broker(), slow, { prefetch: 10, batchMax: 1 });
    const published = world.broker().publish(someMessages(5));
    await until(() => first.deliveries.length === 1);
    await first.pause();
    const second = await collect(world.broker(), ack);
    await until(() => second.deliveries.length === 4);
    expect(new Set(await published)).toEqual(new Set(['confirmed']));
  });
}

function describeSettling(world: World): void {
  it('delivers a released message again, marked redelivered, before later ones and without counting an attempt', async () => {
    const seen: Delivery[] = [];
    await collect(
      world.broker(),
      (delivery) => {
        seen.push(delivery);
        if (seen.length === 1) delivery.release();
        else delivery.ack();
      },
      { prefetch: 1, batchMax: 1 },
    );
    await world.broker().publish(someMessages(3));
    await until(() => seen.length === 4);
    expect(seen.map((delivery) => delivery.id)).toEqual(['message-0', 'message-0', 'message-1', 'message-2']);
    expect(seen[1]).toMatchObject({ attempt: 1, redelivered: true });
  });

  it('never gives up a message because it was released often', async () => {
    let releases = 0;
    const { deliveries } = await collect(world.broker(), (delivery) => {
      releases += 1;
      if (releases <= 120) delivery.release();
      else delivery.ack();
    });
    const dead = await collect(world.broker(), ack, { queue: 'tailor.events.dlq' });
    await publishUntilConfirmed(world, aMessage('m1'));
    await until(() => releases > 120);
    expect(deliveries.every((delivery) => delivery.attempt === 1)).toBe(true);
    expect(dead.deliveries).toEqual([]);
  });

  it('gives a whole batch back when it throws, and goes on after a pause', async () => {
    let throwing = true;
    const seen: Delivery[] = [];
    await world.broker().consume({
      queue: 'tailor.events',
      prefetch: 10,
      batchMax: 10,
      async onBatch(batch) {
        seen.push(...batch);
        if (throwing) {
          throwing = false;
          throw new TypeError('the consumer has a bug');
        }
        for (const delivery of batch) delivery.ack();
      },
    });
    await world.broker().publish([aMessage('m1')]);
    await until(() => seen.length === 2);
    expect(seen[1]).toMatchObject({ id: 'm1', attempt: 1, redelivered: true });
  });

  it('counts only the first of several verbs', async () => {
    const { deliveries } = await collect(world.broker(), async (delivery) => {
      delivery.ack();
      delivery.ack();
      delivery.release();
      await delivery.retry('too late');
      await delivery.deadLetter('too late');
    });
    const dead = await collect(world.broker(), ack, { queue: 'tailor.events.dlq' });
    await world.broker().publish(someMessages(2));
    await until(() => deliveries.length === 2);
    await sleep(250);
    expect(deliveries.length).toBe(2);
    expect(dead.deliveries).toEqual([]);
  });
}

function describeRetrying(world: World): void {
  it('climbs the delays, give or take 20 %, counts in x-attempt, and ends as a dead letter with the reason', async () => {
    const times: number[] = [];
    const { deliveries } = await collect(world.broker(), (delivery) => {
      times.push(Date.now());
      return delivery.retry(`failed ${delivery.attempt}`);
    });
    const dead = await collect(world.broker(), ack, { queue: 'tailor.events.dlq' });
    await publishUntilConfirmed(world, aMessage('m1', { correlationId: 'order-1' }));
    await until(() => dead.deliveries.length === 1);
    expect(deliveries.map((delivery) => delivery.attempt)).toEqual([1, 2, 3, 4]);
    expect(deliveries.map((delivery) => delivery.headers['x-attempt'])).toEqual([undefined, 2, 3, 4]);
    TEST_RETRY_DELAYS_MS.slice(1).forEach((delayMs, index) => {
      const waitedMs = (times[index + 1] ?? 0) - (times[index] ?? 0);
      expect(waitedMs).toBeGreaterThanOrEqual(delayMs * 0.8 - 2);
      // The upper end with room for a busy machine.
      expect(waitedMs).toBeLessThan(delayMs * 1.2 + 5_000);
    });
    expect(dead.deliveries.map(contentOf)).toMatchObject([
      { id: 'm1', type: 'order.created', body: '{"id":"m1"}', correlationId: 'order-1', attempt: 4 },
    ]);
    expect(dead.deliveries[0]?.headers).toMatchObject({ 'x-attempt': 4, 'x-dead-letter-reason': 'failed 4' });
  });

  it('lets neighbours pass while a message waits for its delay', async () => {
    const passed: (string | undefined)[] = [];
    await collect(world.broker(), async (delivery) => {
      passed.push(delivery.id);
      if (delivery.id === 'poison') await delivery.retry('poison');
      else delivery.ack();
    });
    const neighbours = someMessages(20);
    void world.broker().publish([aMessage('poison'), ...neighbours]);
    await until(() => passed.filter((id) => id === 'poison').length > 1 && passed.length >= 22);
    // Whoever comes back stands behind those who were there meanwhile.
    expect(passed.slice(0, 21)).toEqual(['poison', ...neighbours.map(({ id }) => id)]);
  });

  it('lets every delayed message expire once, none too early', async () => {
    const retriedAt = new Map<string | undefined, number>();
    const waits: number[] = [];
    await collect(world.broker(), async (delivery) => {
      if (delivery.attempt === 1) {
        retriedAt.set(delivery.id, Date.now());
        await delivery.retry('once');
      } else {
        waits.push(Date.now() - (retriedAt.get(delivery.id) ?? 0));
        delivery.ack();
      }
    });
    void world.broker().publish(someMessages(50));
    await until(() => waits.length >= 50);
    await sleep(200);
    expect(waits.length).toBe(50);
    expect(Math.min(...waits)).toBeGreaterThanOrEqual(100 * 0.8 - 2);
  });

  it('moves a message to the dead-letter queue at once when told so', async () => {
    const { deliveries } = await collect(world.broker(), (delivery) => delivery.deadLetter('unknown type'));
    const dead = await collect(world.broker(), ack, { queue: 'tailor.events.dlq' });
    await publishUntilConfirmed(world, aMessage('m1', { headers: { note: 'kept' } }));
    await until(() => dead.deliveries.length === 1);
    expect(deliveries.length).toBe(1);
    expect(dead.deliveries[0]).toMatchObject({ id: 'm1', attempt: 1, type: 'order.created' });
    expect(dead.deliveries[0]?.headers).toMatchObject({ 'x-dead-letter-reason': 'unknown type', note: 'kept' });
  });

  it('never loses a dead letter: it can only be taken or given back', async () => {
    await collect(world.broker(), (delivery) => delivery.deadLetter('poison'));
    let tries = 0;
    const dead = await collect(
      world.broker(),
      async (delivery) => {
        tries += 1;
        if (tries === 1) await delivery.retry('the table is locked');
        else if (tries === 2) await delivery.deadLetter('the table is still locked');
        else delivery.ack();
      },
      { queue: 'tailor.events.dlq' },
    );
    await publishUntilConfirmed(world, aMessage('m1'));
    await until(() => tries === 3);
    expect(dead.ids()).toEqual(['m1', 'm1', 'm1']);
    expect(dead.deliveries[2]?.headers['x-dead-letter-reason']).toBe('poison');
  });

  it('takes a dead letter that is sent back to its queue as a first attempt', async () => {
    let healthy = false;
    const { deliveries } = await collect(world.broker(), (delivery) =>
      healthy ? delivery.ack() : delivery.deadLetter('no rate for XTS'),
    );
    const dead = await collect(world.broker(), ack, { queue: 'tailor.events.dlq' });
    await publishUntilConfirmed(world, aMessage('m1'));
    await until(() => dead.deliveries.length === 1);
    healthy = true;
    expect(await world.broker().sendToQueue('tailor.events', [aMessage('m1')])).toEqual(['confirmed']);
    await until(() => deliveries.length === 2);
    expect(deliveries[1]).toMatchObject({ id: 'm1', attempt: 1 });
  });
}

function describeEnding(world: World): void {
  it('delivers again after a crash what was not settled, and loses nothing that was confirmed', async () => {
    const first = await collect(world.broker(), keep);
    const published = Promise.all(someMessages(10).map((message) => publishUntilConfirmed(world, message)));
    await until(() => first.deliveries.length === 10);
    await world.crash();
    const second = await collect(world.broker(), ack);
    await published;
    await until(() => new Set(second.ids()).size === 10);
    for (const delivery of first.deliveries) delivery.ack();
  });

  it('waits for the running batch when a consumption stops, and returns what it did not settle', async () => {
    let started = false;
    let finished = false;
    const first = await world.broker().consume({
      queue: 'tailor.events',
      prefetch: 10,
      batchMax: 2,
      async onBatch([delivery]) {
        started = true;
        await sleep(100);
        delivery?.ack();
        finished = true;
      },
    });
    const published = world.broker().publish(someMessages(4));
    await until(() => started);
    await first.stop();
    expect(finished).toBe(true);
    const second = await collect(world.broker(), ack);
    await until(() => second.deliveries.length === 3);
    expect(new Set(await published)).toEqual(new Set(['confirmed']));
  });

  it('closes within bounded time with unsettled deliveries, which may be settled late without effect', async () => {
    const { deliveries } = await collect(world.broker(), keep);
    const broker = world.broker();
    const published = broker.publish(someMessages(3), { timeoutMs: 2_000 });
    await until(() => deliveries.length === 3);
    const startedAt = Date.now();
    await broker.close();
    expect(Date.now() - startedAt).toBeLessThan(15_000);
    for (const delivery of deliveries) {
      delivery.ack();
      await delivery.retry('too late');
    }
    await published;
    expect(broker.isReady()).toBe(false);
  });

  it('fails what is published after the close', async () => {
    const broker = world.broker();
    await broker.close();
    expect(await broker.publish([aMessage('m1')])).toEqual(['failed']);
    expect(await broker.sendToQueue('tailor.events', [aMessage('m1')])).toEqual(['failed']);
    await broker.close();
  });
}
