import { randomUUID } from 'node:crypto';
import { createHttpApp, type HttpApp } from '@souk/http';
import type { Delivery } from '@souk/messaging';
import { createHealth, createLogger, newId, systemClock } from '@souk/service-runtime';
import { createTestDatabase, silentLogger, type TestDatabase } from '@souk/testing';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import {
  aMessage,
  aShippedOrder,
  migrations,
  type RecordingBroker,
  recordingBroker,
  testMetrics,
} from '../test/fixtures.ts';
import { deadLetterRoutes } from './dead-letter-routes.ts';
import { storeDeadLetter } from './dead-letters.ts';

const SERVICE = 'notification-service';
const PATH = `/api/v1/operations/${SERVICE}/dead-letters`;
const admin = {
  userId: randomUUID(),
  sessionId: randomUUID(),
  roles: ['admin' as const],
  email: 'admin@example.com',
  tokenId: randomUUID(),
  expiresAt: new Date(Date.now() + 60_000),
};

let database: TestDatabase;
let broker: RecordingBroker;
let app: HttpApp;
const health = createHealth();
const log: string[] = [];

beforeAll(async () => {
  database = await createTestDatabase(migrations);
});
afterAll(async () => {
  health.stop();
  await database.drop();
});
beforeEach(async () => {
  await database.ownerPool.query('TRUNCATE dead_letters');
  log.length = 0;
  broker = recordingBroker();
  const destination = { write: (line: string) => void log.push(line) };
  const logger = createLogger({ service: SERVICE, level: 'info', format: 'json', destination });
  app = createHttpApp({
    service: SERVICE,
    routes: deadLetterRoutes({ service: SERVICE, pool: database.pool, broker, logger, cursorSecret: 'c'.repeat(32) }),
    context: { logger: silentLogger(), metrics: testMetrics(), health, clock: systemClock },
    authenticator: {
      verify: async (token: string) => (token === 'customer' ? { ...admin, roles: ['customer' as const] } : admin),
    },
    openApi: { title: 'Operations', description: 'Dead letters', version: '1' },
  });
});

function aDelivery(overrides: Partial<Delivery> = {}): Delivery {
  const message = aMessage(aShippedOrder());
  return {
    id: message.id,
    type: message.type,
    contentType: 'application/cloudevents+json',
    body: message.body,
    headers: { 'x-dead-letter-reason': 'conflict: no such order', 'x-attempt': 5 },
    correlationId: undefined,
    attempt: 1,
    redelivered: false,
    ack: () => {},
    release: () => {},
    retry: async () => {},
    deadLetter: async () => {},
    ...overrides,
  };
}

const request = (path: string, method = 'GET', token = 'admin') =>
  app.request(`${PATH}${path}`, { method, headers: { authorization: `Bearer ${token}` } });

async function stored(delivery: Delivery = aDelivery()): Promise<string> {
  const id = await storeDeadLetter(database.pool, delivery);
  if (id === undefined) expect.unreachable();
  return id;
}

describe('the dead letters of a service', () => {
  it('are listed newest first, page by page', async () => {
    const ids = [await stored(), await stored(), await stored()];
    const first = (await (await request('?limit=2')).json()) as {
      nextCursor: string;
      total: number;
      items: { id: string }[];
    };
    expect(first.total).toBe(3);
    expect(first.items.map(({ id }) => id)).toEqual([ids[2], ids[1]]);
    const second = await (await request(`?limit=2&cursor=${first.nextCursor}`)).json();
    expect(second).toMatchObject({
      items: [{ id: ids[0], reason: 'conflict: no such order', attempts: 5 }],
      nextCursor: null,
    });
    expect((await request('?cursor=forged')).status).toBe(422);
  });

  it('show the whole message, text or not', async () => {
    const delivery = aDelivery();
    const shown = await (await request(`/${await stored(delivery)}`)).json();
    expect(shown).toMatchObject({
      messageId: delivery.id,
      type: 'order.shipped',
      orderId: JSON.parse(delivery.body.toString()).subject,
      message: { contentType: 'application/cloudevents+json', encoding: 'utf8', body: delivery.body.toString() },
    });
    const binary = await stored(aDelivery({ id: undefined, body: Buffer.from([0xff, 0x00]), type: 'a\0b' }));
    expect(await (await request(`/${binary}`)).json()).toMatchObject({
      messageId: null,
      type: 'ab',
      message: { encoding: 'base64', body: '/wA=' },
    });
  });

  it('are taken once when their delivery is repeated', async () => {
    const delivery = aDelivery();
    await stored(delivery);
    expect(await storeDeadLetter(database.pool, { ...delivery, redelivered: true })).toBeUndefined();
    const nameless = aDelivery({ id: undefined });
    await stored(nameless);
    await stored(nameless);
    expect(await storeDeadLetter(database.pool, { ...nameless, redelivered: true })).toBeUndefined();
  });

  it('are redriven once, with an audit line', async () => {
    const delivery = aDelivery();
    const id = await stored(delivery);
    const answer = await request(`/${id}/redrive`, 'POST');
    expect(answer.status).toBe(202);
    expect(await answer.json()).toEqual({ redriven: 1 });
    expect(broker.published).toMatchObject([{ id: delivery.id, body: delivery.body }]);
    expect(log.map((line) => JSON.parse(line))).toMatchObject([
      { audit: true, action: 'redrive', adminId: admin.userId, deadLetterId: id },
    ]);
    expect((await request(`/${id}/redrive`, 'POST')).status).toBe(404);
    expect((await request(`/${id}`)).status).toBe(404);
    expect((await request(`/${id}`, 'DELETE')).status).toBe(404);
  });

  it('come back as new ones when they fail again, however fast', async () => {
    const delivery = aDelivery();
    const id = await stored(delivery);
    // The consumer gives it up before the answer to the redrive is noted, which a broker in process makes certain.
    let again: string | undefined;
    broker.outcomeOf = () => 'confirmed';
    const send = broker.sendToQueue.bind(broker);
    broker.sendToQueue = async (queue, messages) => {
      const [message] = messages;
      const failed = { ...delivery, headers: { ...delivery.headers, ...message?.headers } };
      again = await storeDeadLetter(database.pool, failed);
      expect(await storeDeadLetter(database.pool, { ...failed, redelivered: true })).toBeUndefined();
      return send(queue, messages);
    };
    expect((await request(`/${id}/redrive`, 'POST')).status).toBe(202);
    expect(again).toBeDefined();
    expect((await (await request('')).json()) as object).toMatchObject({ total: 1, items: [{ id: again }] });
  });

  it('are redriven all at once', async () => {
    for (let index = 0; index < 45; index += 1) await stored();
    expect(await (await request('/redrive', 'POST')).json()).toEqual({ redriven: 45 });
    expect(new Set(broker.published.map(({ id }) => id)).size).toBe(45);
    expect(await (await request('/redrive', 'POST')).json()).toEqual({ redriven: 0 });
  });

  it('stay when the broker does not confirm', async () => {
    broker.outcomeOf = () => 'failed';
    const id = await stored();
    for (const path of [`/${id}/redrive`, '/redrive']) {
      const answer = await request(path, 'POST');
      expect(answer.status).toBe(503);
      expect(answer.headers.get('retry-after')).toBe('5');
    }
    expect((await request(`/${id}`)).status).toBe(200);
  });

  it('are deleted with an audit line', async () => {
    const id = await stored();
    expect((await request(`/${id}`, 'DELETE')).status).toBe(204);
    expect(log.join()).toContain('"action":"delete"');
    expect((await request(`/${id}`, 'DELETE')).status).toBe(404);
    expect((await request(`/${newId()}`, 'DELETE')).status).toBe(404);
  });

  it('are for administrators alone', async () => {
    const id = await stored();
    for (const [path, method] of [
      ['', 'GET'],
      [`/${id}`, 'GET'],
      [`/${id}/redrive`, 'POST'],
      ['/redrive', 'POST'],
      [`/${id}`, 'DELETE'],
    ]) {
      expect((await request(path ?? '', method, 'customer')).status).toBe(403);
      expect((await app.request(`${PATH}${path}`, { method: method ?? 'GET' })).status).toBe(401);
    }
    expect(broker.published).toEqual([]);
  });
});
