import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startUserService, type UserServiceUnderTest } from '../../test/user-service-under-test.ts';

let souk: UserServiceUnderTest;
beforeAll(async () => {
  souk = await startUserService();
});
afterAll(() => souk.stop());

const PATH = '/api/v1/users/me/addresses';
const input = (changes = {}) => ({
  name: 'Ada Lovelace',
  line1: '12 St James’s Square',
  city: 'London',
  postalCode: 'SW1Y 4JH',
  country: 'GB',
  ...changes,
});
const add = (token: string, body: unknown = input()) => souk.call('POST', PATH, { token, body });

describe('the address book', () => {
  it('takes, answers, replaces and forgets an address', async () => {
    const { token } = await souk.person();
    const { status, body, headers } = await add(token);
    expect(status).toBe(201);
    expect(body).toEqual({ id: expect.any(String), ...input(), line2: null, phone: null });
    const path = `${PATH}/${body.id}`;
    expect(headers.get('location')).toBe(path);
    expect((await souk.call('GET', path, { token })).body).toEqual(body);
    const next = input({ line2: 'Flat 3', phone: '+44 20 7946 0958', city: 'Ockham' });
    expect(await souk.call('PUT', path, { token, body: next })).toMatchObject({
      status: 200,
      body: { id: body.id, ...next },
    });
    expect((await souk.call('PUT', path, { token, body: input({ line2: null }) })).body).toMatchObject({
      line2: null,
      phone: null,
    });
    expect((await souk.call('DELETE', path, { token })).status).toBe(204);
    for (const method of ['GET', 'DELETE']) expect((await souk.call(method, path, { token })).status).toBe(404);
    expect((await souk.call('PUT', path, { token, body: input() })).status).toBe(404);
  });

  it('is nobody else’s, whatever they do with the id', async () => {
    const { token } = await souk.person();
    const { token: stranger } = await souk.person({ admin: true });
    const { body } = await add(token);
    const path = `${PATH}/${body.id}`;
    expect((await souk.call('GET', path, { token: stranger })).status).toBe(404);
    expect((await souk.call('PUT', path, { token: stranger, body: input({ city: 'Stolen' }) })).status).toBe(404);
    expect((await souk.call('DELETE', path, { token: stranger })).status).toBe(404);
    expect((await souk.call('GET', path, { token })).body).toEqual(body);
  });

  it('lists newest first, in pages that neither repeat nor skip', async () => {
    const { token } = await souk.person();
    const ids: string[] = [];
    for (let index = 0; index < 5; index += 1) ids.unshift((await add(token)).body.id);
    const first = await souk.call('GET', `${PATH}?limit=3`, { token });
    expect(first.body.items.map((item: { id: string }) => item.id)).toEqual(ids.slice(0, 3));
    expect(first.body.total).toBe(5);
    await add(token);
    const path = `${PATH}?limit=3&cursor=${encodeURIComponent(first.body.nextCursor)}`;
    const second = await souk.call('GET', path, { token });
    expect(second.body.items.map((item: { id: string }) => item.id)).toEqual(ids.slice(3));
    expect(second.body.nextCursor).toBeNull();
  });

  it('holds fifty addresses, also when sixty are added at once', async () => {
    const { token } = await souk.person();
    const answers = await Promise.all(Array.from({ length: 60 }, () => add(token)));
    expect(answers.filter(({ status }) => status === 201)).toHaveLength(50);
    const refused = answers.filter(({ status }) => status !== 201);
    expect(refused.map(({ status, body }) => [status, body.type])).toEqual(Array(10).fill([409, '/problems/conflict']));
    expect((await souk.call('GET', PATH, { token })).body.total).toBe(50);
  });

  it.each([
    ['country', { country: 'XX' }],
    ['country', { country: 'gb' }],
    ['name', { name: '' }],
    ['line1', { line1: 'a\u0000b' }],
    ['line1', { line1: 'x'.repeat(201) }],
    ['city', { city: null }],
    ['phone', { phone: 'x' }],
    ['postalCode', { postalCode: 12345 }],
    ['id', { id: '0198c0de-0000-7000-8000-000000000001' }],
  ])('refuses a bad %s', async (field, changes) => {
    const { token } = await souk.person();
    const { status, body } = await add(token, input(changes));
    expect(status).toBe(422);
    expect(body.errors[0].pointer).toBe(`/${field}`);
  });
});
