import type { Order } from '@souk/client';
import { queueNameOf } from '@souk/contracts';
import { runDeadLetters } from '@souk/operations';
import { waitFor } from '@souk/testing';
import amqp from 'amqplib';
import pg from 'pg';
import { beforeAll, describe, expect, it } from 'vitest';
import { DistributedPlatform } from '../../src/distributed-platform.ts';
import { select } from '../../src/ledger.ts';
import type { Platform } from '../../src/platform.ts';
import { noteCommand } from '../../src/transcribed-fetch.ts';
import { aShopper, PASSWORD, type Visitor } from '../../src/visitor.ts';
import { aProduct, type Stage } from './stage.ts';

const SERVICE = 'notification-service';

/** `npm run dead-letters` as the shopkeeper. */
async function operate({ platform }: Stage, ...args: string[]): Promise<{ code: number; text: string }> {
  const lines: string[] = [];
  const terminal = {
    env: { SOUK_URL: platform.gatewayUrl, SOUK_ADMIN_EMAIL: 'admin@souk.example', SOUK_ADMIN_PASSWORD: PASSWORD },
    out: (text: string) => void lines.push(text),
    err: (text: string) => void lines.push(text),
  };
  const code = await runDeadLetters(args, terminal);
  const text = lines.join('\n');
  if (!args.includes('--json')) noteCommand(`npm run dead-letters -- ${args.join(' ')}`, text);
  return { code, text };
}

async function idOfFirst(stage: Stage): Promise<string> {
  const { text } = await operate(stage, 'list', SERVICE, '--json');
  return (JSON.parse(text) as { id: string }[])[0]?.id ?? '';
}

async function alter(platform: Platform, sql: string): Promise<void> {
  const client = new pg.Client({ connectionString: platform.databaseUrl('notifications') });
  await client.connect();
  await client.query(`SET lock_timeout = '10s'; ALTER TABLE deliveries ${sql}`).finally(() => client.end());
}

/** A mistake in the database, as a bad release brings it: confirmations to one person cannot be written down. */
function breakConfirmations(platform: Platform, { email }: Visitor): Promise<void> {
  const isTheirs = `recipient = '${email}' AND template = 'confirmation'`;
  return alter(platform, `ADD CONSTRAINT a_mistake CHECK (NOT (${isTheirs})) NOT VALID`);
}

const mend = (platform: Platform) => alter(platform, 'DROP CONSTRAINT a_mistake');

/** The id of the event by which an order was completed. */
async function completionOf(platform: Platform, order: Order): Promise<string> {
  const sql = `SELECT id FROM outbox WHERE type = 'order.completed' AND aggregate_id = '${order.id}'`;
  return (await select<{ id: string }>(platform, 'orders', sql))[0]?.id ?? '';
}

/** Waits until so many messages lie aside; they get there by the broker, after their last attempt. */
async function untilGivenUp(stage: Stage, count: number): Promise<void> {
  const listed = async () => JSON.parse((await operate(stage, 'list', SERVICE, '--json')).text) as unknown[];
  await waitFor(async () => (await listed()).length === count || undefined, {
    timeoutMs: 30_000,
    everyMs: 100,
    what: `${count} dead letters`,
  });
}

/** Dead letters, from the command line. */
export function aMessageGivenUp(stage: () => Stage): void {
  describe('a message that was given up', () => {
    let shopper: Visitor;
    let order: Order;
    beforeAll(async () => {
      const { givenUp, platform } = stage();
      shopper = await aShopper(platform);
      const teapot = await aProduct(stage());
      await breakConfirmations(platform, shopper);
      order = await shopper.buy(teapot);
      await untilGivenUp(stage(), 1);
      givenUp.push(await completionOf(platform, order));
    });

    it('held up no other one', async () => {
      await shopper.mail('receipt', order);
      const neighbour = await aShopper(stage().platform);
      await neighbour.buy(await aProduct(stage()));
      await neighbour.mail('confirmation');
      expect(await shopper.mails('confirmation')).toEqual([]);
    });

    it('is found and read from the command line', async () => {
      const list = await operate(stage(), 'list');
      expect(list.code).toBe(0);
      expect(list.text).toMatch(new RegExp(`${SERVICE} .* order\\.completed `));
      const shown = await operate(stage(), 'show', SERVICE, await idOfFirst(stage()));
      expect(shown).toMatchObject({ code: 0, text: expect.stringContaining(order.id) });
      expect(shown.text).toContain('a_mistake');
    });

    it('comes back as long as the mistake is there, and is told once when it is mended', async () => {
      const { givenUp, platform } = stage();
      const first = await idOfFirst(stage());
      expect(await operate(stage(), 'redrive', SERVICE, first)).toEqual({ code: 0, text: '1 redriven' });
      await untilGivenUp(stage(), 1);
      givenUp.push(await completionOf(platform, order));
      const id = await idOfFirst(stage());
      expect(id).not.toBe(first);

      await mend(platform);
      expect(await operate(stage(), 'redrive', SERVICE, id)).toEqual({ code: 0, text: '1 redriven' });
      expect((await shopper.mail('confirmation', order)).html).toContain(order.id);
      expect(await operate(stage(), 'list', SERVICE)).toEqual({ code: 0, text: 'No dead letters' });
      const again = await operate(stage(), 'redrive', SERVICE, id);
      expect(again).toMatchObject({ code: 1, text: expect.stringContaining('not-found') });
      expect(await shopper.mails('confirmation', order)).toHaveLength(1);
    });

    it('is dropped where nobody needs it, but never all by accident', async () => {
      const { dropped, givenUp, platform } = stage();
      await breakConfirmations(platform, shopper);
      const event = await completionOf(platform, await shopper.buy(await aProduct(stage())));
      await untilGivenUp(stage(), 1);
      await mend(platform);
      givenUp.push(event);
      dropped.push(event);
      expect((await operate(stage(), 'drop', SERVICE)).code).toBe(2);
      expect(await operate(stage(), 'drop', SERVICE, '--all')).toEqual({ code: 0, text: '1 dropped' });
      expect(await operate(stage(), 'list')).toEqual({ code: 0, text: 'No dead letters' });
    });
  });
}

/** A message that no program can read, from whoever has a key to the broker. */
export function aMessageNobodyCanRead(stage: () => Stage): void {
  describe('a message that nobody can read', () => {
    it('is laid aside and shown, where others reach the broker', async () => {
      const { givenUp, platform } = stage();
      // The broker of the one process has no door: what gets into it, a service has written.
      if (!(platform instanceof DistributedPlatform)) return expect('broker' in platform).toBe(false);
      await sendToQueue(platform, '{"specversion":"1.0","type":"order.comp');
      await untilGivenUp(stage(), 1);
      givenUp.push('unreadable');
      const shown = await operate(stage(), 'show', SERVICE, await idOfFirst(stage()));
      expect(shown.text).toContain('order.comp');
      expect(await operate(stage(), 'drop', SERVICE, '--all')).toEqual({ code: 0, text: '1 dropped' });
    });
  });
}

async function sendToQueue({ broker }: DistributedPlatform, text: string): Promise<void> {
  const connection = await amqp.connect(broker.url, { timeout: 5_000 });
  const channel = await connection.createConfirmChannel();
  channel.sendToQueue(broker.namePrefix + queueNameOf(SERVICE), Buffer.from(text));
  await channel.waitForConfirms().finally(() => connection.close());
}
