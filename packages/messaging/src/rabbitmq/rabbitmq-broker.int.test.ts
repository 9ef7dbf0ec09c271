import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { describeBroker } from '../../test/broker-conformance.ts';
import { aMessage } from '../../test/messages.ts';
import { type RabbitMqWorld, startRabbitMqWorld, withAdmin } from '../../test/rabbitmq-world.ts';
import type { Delivery } from '../broker.ts';

describeBroker('RabbitMQ', () => startRabbitMqWorld());

describe('the RabbitMQ broker and what strangers send', () => {
  let world: RabbitMqWorld;
  beforeEach(async () => {
    world = await startRabbitMqWorld();
  });
  afterEach(() => world.dispose());

  async function deadLettersOf(queue: string): Promise<Delivery[]> {
    const deliveries: Delivery[] = [];
    await world.broker().consume({
      queue: `${queue}.dlq`,
      prefetch: 10,
      batchMax: 10,
      async onBatch(batch) {
        deliveries.push(...batch);
        for (const delivery of batch) delivery.ack();
      },
    });
    return deliveries;
  }

  async function until(condition: () => boolean): Promise<void> {
    for (let tries = 0; !condition(); tries += 1) {
      expect(tries).toBeLessThan(800);
      await sleep(25);
    }
  }

  it('takes a message without id, type or content type, with 60 KB of headers, and moves it with its reason', async () => {
    await world.broker().consume({
      queue: 'tailor.events',
      prefetch: 10,
      batchMax: 10,
      async onBatch(batch) {
        for (const delivery of batch) await delivery.deadLetter(`no message id: ${'x'.repeat(10_000)}`);
      },
    });
    await withAdmin(async (channel) => {
      const headers = { huge: 'h'.repeat(60_000), 'x-attempt': 'many', 'x-death': 'forged', small: 'kept' };
      channel.publish(`${world.prefix}souk.events`, 'order.created', Buffer.from('not json'), { headers });
      await channel.waitForConfirms();
    });
    const deadLetters = await deadLettersOf('tailor.events');
    await until(() => deadLetters.length === 1);
    const [dead] = deadLetters;
    expect(dead).toMatchObject({ id: undefined, contentType: undefined, type: 'order.created', attempt: 1 });
    expect(dead?.headers).toMatchObject({ small: 'kept', 'x-attempt': 1 });
    expect(dead?.headers).not.toHaveProperty('huge');
    expect(String(dead?.headers['x-dead-letter-reason'])).toMatch(/^no message id: x+$/);
  });

  it('moves a message of 5 MB, and fails to publish one that the broker would refuse', async () => {
    const body = Buffer.alloc(5 * 1024 * 1024, 'a');
    await world.broker().consume({
      queue: 'tailor.events',
      prefetch: 10,
      batchMax: 10,
      async onBatch(batch) {
        for (const delivery of batch) await delivery.deadLetter('too large');
      },
    });
    expect(await world.broker().publish([aMessage('m1', { body })])).toEqual(['confirmed']);
    const deadLetters = await deadLettersOf('tailor.events');
    await until(() => deadLetters.length === 1);
    expect(deadLetters[0]?.body.length).toBe(body.length);
    const oversize = aMessage('m2', { body: Buffer.alloc(17 * 1024 * 1024) });
    expect(await world.broker().publish([oversize, aMessage('m3')])).toEqual(['failed', 'confirmed']);
  });

  it('finds the reason of a message that the broker itself gave up after 100 deliveries', async () => {
    await world.broker().publish([aMessage('m1')]);
    await withAdmin(async (channel) => {
      await channel.prefetch(1);
      let deliveries = 0;
      await new Promise<void>((resolve) => {
        void channel.consume(`${world.prefix}tailor.events`, (message) => {
          if (message === null) return;
          deliveries += 1;
          channel.nack(message, false, true);
          if (deliveries === 101) resolve();
        });
      });
    });
    const deadLetters = await deadLettersOf('tailor.events');
    await until(() => deadLetters.length === 1);
    expect(deadLetters[0]).toMatchObject({ id: 'm1', type: 'order.created', attempt: 1 });
    expect(deadLetters[0]?.headers['x-dead-letter-reason']).toBe('the broker gave it up: delivery_limit');
  });
});
