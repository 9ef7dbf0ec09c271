import { newId } from '@souk/service-runtime';
import { waitFor } from '@souk/testing';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { type Person, type RunningOrderService, startOrderService } from '../../test/running-order-service.ts';

let world: RunningOrderService;
beforeAll(async () => {
  world = await startOrderService();
});
afterAll(() => world.stop());

interface Stream {
  status: number;
  text(): string;
  ended(): boolean;
  close(): void;
}

async function follow(person: Person, orderId: string, headers: Record<string, string> = {}): Promise<Stream> {
  const abort = new AbortController();
  const response = await fetch(`${world.service.url}/api/v1/orders/${orderId}/events`, {
    headers: { authorization: `Bearer ${person.token}`, accept: 'text/event-stream', ...headers },
    signal: abort.signal,
  });
  let text = '';
  let ended = false;
  const decoder = new TextDecoder();
  const read = async () => {
    for await (const chunk of response.body ?? []) text += decoder.decode(chunk as Uint8Array, { stream: true });
  };
  read()
    .catch(() => {})
    .finally(() => {
      ended = true;
    });
  return { status: response.status, text: () => text, ended: () => ended, close: () => abort.abort() };
}

async function placed(person: Person): Promise<string> {
  return (await person.order({ items: [{ productId: world.product(), quantity: 1 }] })).body.id;
}

it('lists the timeline oldest first, page by page', async () => {
  const person = await world.person();
  const orderId = await placed(person);
  await person.call('POST', `/api/v1/orders/${orderId}/cancel`, { body: { reason: 'changed my mind' } });
  const first = await person.call('GET', `/api/v1/orders/${orderId}/events?limit=1`);
  expect(first.body).toMatchObject({ total: 2, items: [{ sequence: 1, type: 'order.created' }] });
  const second = await person.call('GET', `/api/v1/orders/${orderId}/events?limit=1&cursor=${first.body.nextCursor}`);
  expect(second.body).toMatchObject({
    nextCursor: null,
    items: [{ sequence: 2, type: 'order.cancelled', data: { status: 'cancelled', reason: 'changed my mind' } }],
  });
  expect(second.text).not.toContain('ada@souk.example');
});

it('comes in the representation that is asked for, and in no other', async () => {
  const person = await world.person();
  const orderId = await placed(person);
  const typeFor = async (accept: string) => {
    const stream = await fetch(`${world.service.url}/api/v1/orders/${orderId}/events`, {
      headers: { authorization: `Bearer ${person.token}`, accept },
    });
    const type = stream.headers.get('content-type')?.split(';')[0];
    if (type === 'text/event-stream') await stream.body?.cancel();
    return type === 'application/problem+json' ? await stream.json() : type;
  };
  expect(await typeFor('application/json')).toBe('application/json');
  expect(await typeFor('text/html, */*;q=0.8')).toBe('application/json');
  expect(await typeFor('application/json;q=0.5, Text/Event-Stream')).toBe('text/event-stream');
  expect(await typeFor('text/event-stream;q=0, application/json')).toBe('application/json');
  expect(await typeFor('image/png')).toMatchObject({ type: '/problems/not-acceptable', status: 406 });
});

it('streams what is there and what comes, and resumes after the last event', async () => {
  const person = await world.person();
  const orderId = await placed(person);
  const stream = await follow(person, orderId);
  expect(stream.status).toBe(200);
  await waitFor(() => stream.text().includes('id: 1\nevent: order.created\ndata: {"sequence":1,'));
  await person.call('POST', `/api/v1/orders/${orderId}/cancel`);
  await waitFor(() => stream.text().includes('id: 2\nevent: order.cancelled\n'));
  stream.close();

  const resumed = await follow(person, orderId, { 'last-event-id': '1' });
  await waitFor(() => resumed.text().includes('id: 2\n'));
  expect(resumed.text()).not.toContain('id: 1\n');
  resumed.close();
  const unreadable = await follow(person, orderId, { 'last-event-id': '-1' });
  await waitFor(() => unreadable.text().includes('id: 1\n'));
  unreadable.close();
});

it('shows what another process wrote', async () => {
  const person = await world.person();
  const orderId = await placed(person);
  const stream = await follow(person, orderId);
  await waitFor(() => stream.text().includes('id: 1\n'));
  await world.database.pool.query(
    `WITH entry AS (INSERT INTO order_timeline (order_id, sequence, event_id, type, data, at)
       VALUES ($1, 2, $2, 'notification.sent', '{}', now()))
     UPDATE orders SET timeline_sequence = 2 WHERE id = $1`,
    [orderId, newId()],
  );
  await waitFor(() => stream.text().includes('id: 2\nevent: notification.sent\n'));
  stream.close();
});

it('gives a user five streams, and the place of one that left to the next', async () => {
  const person = await world.person();
  const orderId = await placed(person);
  const streams = await Promise.all(Array.from({ length: 6 }, () => follow(person, orderId)));
  expect(streams.map(({ status }) => status).sort()).toEqual([200, 200, 200, 200, 200, 429]);
  streams.find(({ status }) => status === 200)?.close();
  await waitFor(async () => {
    const next = await follow(person, orderId);
    if (next.status === 200) streams.push(next);
    return next.status === 200;
  });
  for (const stream of streams) stream.close();
  await waitFor(
    async () => (await world.rows('SELECT 1 FROM timeline_streams WHERE user_id = $1', [person.userId])).length === 0,
  );
});

it('ends a stream when its session is revoked', async () => {
  const person = await world.person();
  const stream = await follow(person, await placed(person));
  await waitFor(() => stream.text().includes('id: 1\n'));
  world.identity.revoke(person.sessionId);
  await waitFor(() => stream.ended());
});

it('ends a stream with its token', async () => {
  const userId = newId();
  const orderId = await placed(await world.person({ userId }));
  const stream = await follow(await world.person({ userId, expiresInSeconds: 5 }), orderId);
  await waitFor(() => stream.text().includes('id: 1\n'));
  await waitFor(() => stream.ended(), { timeoutMs: 20_000 });
});

it('answers HEAD without taking a place', async () => {
  const person = await world.person();
  const orderId = await placed(person);
  const answer = await person.call('HEAD', `/api/v1/orders/${orderId}/events`, {
    headers: { accept: 'text/event-stream' },
  });
  expect([answer.status, answer.headers.get('content-type')]).toEqual([200, 'text/event-stream']);
  expect(await world.rows('SELECT 1 FROM timeline_streams WHERE user_id = $1', [person.userId])).toEqual([]);
});

it('ends its streams when the service stops, and gives their places back', async () => {
  const other = await startOrderService({ SHUTDOWN_GRACE_MS: '60000' });
  const person = await other.person();
  const answer = await person.order({ items: [{ productId: other.product(), quantity: 1 }] });
  const response = await fetch(`${other.service.url}/api/v1/orders/${answer.body.id}/events`, {
    headers: { authorization: `Bearer ${person.token}`, accept: 'text/event-stream' },
  });
  const text = response.text();
  await waitFor(async () => (await other.rows('SELECT 1 FROM timeline_streams')).length === 1);
  const startedMs = Date.now();
  // Drops the database too, which fails while anybody holds a connection.
  await other.stop();
  expect(await text).toContain('event: order.created');
  expect(Date.now() - startedMs).toBeLessThan(20_000);
});
