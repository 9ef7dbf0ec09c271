import { randomUUID } from 'node:crypto';
import { runDeadLetters } from '@souk/operations';
import pg from 'pg';
import { beforeAll, describe, expect, it } from 'vitest';
import { select } from '../../src/ledger.ts';
import { aShopper, PASSWORD } from '../../src/visitor.ts';
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
  return { code, text: lines.join('\n') };
}

async function idOfFirst(stage: Stage): Promise<string> {
  const { text } = await operate(stage, 'list', SERVICE, '--json');
  return (JSON.parse(text) as { id: string }[])[0]?.id ?? '';
}

/** Lays an event aside that notification-service has processed long ago; answers its id. */
async function layAside({ platform }: Stage): Promise<string> {
  const [event] = await select<{ id: string; body: string }>(
    platform,
    'orders',
    `SELECT id, body FROM outbox WHERE type = 'order.completed' ORDER BY position DESC LIMIT 1`,
  );
  const client = new pg.Client({ connectionString: platform.databaseUrl('notifications') });
  await client.connect();
  await client.query(
    `INSERT INTO dead_letters (id, message_id, type, reason, attempts, content_type, headers, body)
     VALUES ($1, $2, 'order.completed', 'The story wanted it so', 5, 'application/cloudevents+json', '{}', $3)`,
    [randomUUID(), event?.id, Buffer.from(event?.body ?? '')],
  );
  await client.end();
  return event?.id ?? '';
}

/** Dead letters, from the command line. */
export function aMessageGivenUp(stage: () => Stage): void {
  describe('a message that was given up', () => {
    let eventId: string;
    beforeAll(async () => {
      const shopper = await aShopper(stage().platform);
      await shopper.buy(await aProduct(stage()));
      await shopper.mail('confirmation');
      eventId = await layAside(stage());
    });

    it('is found and read from the command line', async () => {
      const list = await operate(stage(), 'list');
      expect(list.code).toBe(0);
      expect(list.text).toMatch(/notification-service .* order\.completed .* The story wanted it so/);
      const shown = await operate(stage(), 'show', SERVICE, await idOfFirst(stage()));
      expect(shown).toMatchObject({ code: 0, text: expect.stringContaining(eventId) });
    });

    it('is sent on its way again, without telling anybody twice', async () => {
      const mailsBefore = (await stage().platform.mails()).length;
      const id = await idOfFirst(stage());
      expect(await operate(stage(), 'redrive', SERVICE, id)).toEqual({ code: 0, text: '1 redriven' });
      expect(await operate(stage(), 'list', SERVICE)).toEqual({ code: 0, text: 'No dead letters' });
      const again = await operate(stage(), 'redrive', SERVICE, id);
      expect(again).toMatchObject({ code: 1, text: expect.stringContaining('not-found') });
      await new Promise((resolve) => setTimeout(resolve, 1_000));
      expect((await stage().platform.mails()).length).toBe(mailsBefore);
    });

    it('is dropped where nobody needs it, but never all by accident', async () => {
      await layAside(stage());
      expect((await operate(stage(), 'drop', SERVICE)).code).toBe(2);
      expect(await operate(stage(), 'drop', SERVICE, '--all')).toEqual({ code: 0, text: '1 dropped' });
      expect(await operate(stage(), 'list')).toEqual({ code: 0, text: 'No dead letters' });
    });
  });
}
