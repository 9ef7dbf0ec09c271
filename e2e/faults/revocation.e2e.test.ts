import { setTimeout as sleep } from 'node:timers/promises';
import { Redis } from 'ioredis';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { aCustomer, anAdministrator, type Customer, DEMO_PASSWORD, send } from '../src/index.ts';
import { type FaultPlatform, startFaultPlatform } from './src/fault-platform.ts';

const EFFECTIVE_WITHIN_MS = 1_000;

describe('a revoked token', () => {
  let fault: FaultPlatform;
  let admin: Customer;
  beforeAll(async () => {
    fault = await startFaultPlatform();
    admin = await anAdministrator(fault.platform);
  });
  afterEach(() => fault.heal());
  afterAll(() => fault?.stop());

  /** A route for users at each door. */
  const doors = (): Record<string, [base: string, path: string]> => {
    const { platform } = fault;
    return {
      gateway: [platform.gatewayUrl, '/api/v1/orders'],
      users: [platform.serviceUrl('user-service'), '/api/v1/users/me'],
      products: [platform.serviceUrl('product-service'), '/api/v1/products/x/inventory'],
      orders: [platform.serviceUrl('order-service'), '/api/v1/cart'],
      payments: [platform.serviceUrl('payment-service'), '/api/v1/payments'],
      notifications: [
        platform.serviceUrl('notification-service'),
        '/api/v1/operations/notification-service/dead-letters',
      ],
    };
  };

  const statusesOf = async (token: string | undefined): Promise<Record<string, number>> => {
    const asked = Object.entries(doors()).map(async ([name, [base, path]]) => {
      return [name, (await send(fault.platform, path, { base, token })).status] as const;
    });
    return Object.fromEntries(await Promise.all(asked));
  };

  const everywhere = (status: number) => Object.fromEntries(Object.keys(doors()).map((name) => [name, status]));

  /** Revokes, and asks every door when the promised second is over. */
  async function expectDeadAfter(customer: Customer, revoke: () => Promise<unknown>): Promise<void> {
    expect(await statusesOf(customer.accessToken)).toMatchObject({
      gateway: 200,
      users: 200,
      orders: 200,
      payments: 200,
    });
    await revoke();
    await sleep(EFFECTIVE_WITHIN_MS);
    expect(await statusesOf(customer.accessToken)).toEqual(everywhere(401));
  }

  const logOut = (customer: Customer) => customer.expect('/api/v1/users/logout', { method: 'POST', status: 204 });
  const idOf = async (customer: Customer) => (await customer.expect<{ id: string }>('/api/v1/users/me')).body.id;

  it('is dead at every door within a second of its logout', async () => {
    const customer = await aCustomer(fault.platform);
    await expectDeadAfter(customer, () => logOut(customer));
  });

  it('is dead after a password reset of roles, a disabled account and a deletion', async () => {
    for (const change of [{ roles: ['customer', 'admin'] }, { disabled: true }]) {
      const customer = await aCustomer(fault.platform);
      const id = await idOf(customer);
      await expectDeadAfter(customer, () => admin.expect(`/api/v1/users/${id}`, { method: 'PATCH', body: change }));
    }
    const deleted = await aCustomer(fault.platform);
    const { headers } = await deleted.expect('/api/v1/users/me');
    const ifMatch = { 'if-match': headers.get('etag') ?? '' };
    await expectDeadAfter(deleted, () => deleted.expect('/api/v1/users/me', { method: 'DELETE', headers: ifMatch }));
  });

  it('of another session is dead after a password change, the own one is not', async () => {
    const customer = await aCustomer(fault.platform);
    const other = customer.accessToken;
    await customer.logIn();
    await customer.expect('/api/v1/users/me/password', {
      method: 'PUT',
      body: { currentPassword: DEMO_PASSWORD, newPassword: 'tangerine-kettle-91' },
    });
    await sleep(EFFECTIVE_WITHIN_MS);
    expect(await statusesOf(other)).toEqual(everywhere(401));
    expect(await statusesOf(customer.accessToken)).toMatchObject({ gateway: 200, users: 200, orders: 200 });
  });

  it('is dead while Redis is down, and stays so when it is back', async () => {
    const customer = await aCustomer(fault.platform);
    fault.keyValue.down();
    await expectDeadAfter(customer, () => logOut(customer));
    fault.heal();
    await sleep(1_500);
    expect(await statusesOf(customer.accessToken)).toEqual(everywhere(401));
  });

  it('is dead while Redis says nothing', async () => {
    const customer = await aCustomer(fault.platform);
    fault.keyValue.stall();
    await expectDeadAfter(customer, () => logOut(customer));
  });

  it('stays dead when Redis forgets everything, and when every service starts anew', async () => {
    const customer = await aCustomer(fault.platform);
    await expectDeadAfter(customer, () => logOut(customer));
    const redis = new Redis(fault.share.redisUrl);
    await redis.flushdb();
    redis.disconnect();
    await fault.platform.kill();
    await fault.platform.start();
    expect(await statusesOf(customer.accessToken)).toEqual(everywhere(401));
  });

  it('cannot be told from a good one without user-service: 503 from the tenth second on', async () => {
    const customer = await aCustomer(fault.platform);
    fault.platform.childOf('user-service').signal('SIGSTOP');
    await sleep(13_000);
    const { users: _, ...others } = await Promise.race([
      statusesOfOthers(customer.accessToken),
      sleep(9_000, {} as never),
    ]);
    fault.platform.childOf('user-service').signal('SIGCONT');
    const { users: __, ...expected } = everywhere(503);
    expect(others).toEqual(expected);
    expect((await send(fault.platform, '/api/v1/products')).status).toBe(200);
    await sleep(2_000);
    expect((await statusesOf(customer.accessToken)).orders).toBe(200);
  });

  async function statusesOfOthers(token: string | undefined): Promise<Record<string, number>> {
    const asked = Object.entries(doors())
      .filter(([name]) => name !== 'users')
      .map(async ([name, [base, path]]) => [name, (await send(fault.platform, path, { base, token })).status] as const);
    return Object.fromEntries(await Promise.all(asked));
  }
});
