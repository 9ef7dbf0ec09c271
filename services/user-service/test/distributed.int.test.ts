import { createRedisKeyValueStore } from '@souk/key-value';
import { createRabbitMqBroker } from '@souk/messaging';
import { createTestDatabase, silentLogger, type TestDatabase, testAmqpUrl, testRedisUrl, waitFor } from '@souk/testing';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { migrations } from '../src/generated/migrations.ts';
import { startUserService, type UserServiceUnderTest } from './user-service-under-test.ts';

const logger = silentLogger();
const prefix = `user-${process.pid}-${Date.now()}.`;
let database: TestDatabase;
let first: UserServiceUnderTest;
let second: UserServiceUnderTest;
const closing: { close(): Promise<void> }[] = [];

async function aReplica() {
  const broker = createRabbitMqBroker({ url: testAmqpUrl(), retryDelaysMs: [0], logger, prefix });
  const keyValue = createRedisKeyValueStore({ url: testRedisUrl(), logger, prefix });
  closing.push(broker, keyValue);
  await waitFor(() => broker.isReady() && keyValue.isReady());
  return startUserService({ database, broker, keyValue });
}
beforeAll(async () => {
  database = await createTestDatabase(migrations);
  [first, second] = [await aReplica(), await aReplica()];
});
afterAll(async () => {
  await Promise.all([first?.stop(), second?.stop()]);
  await Promise.all(closing.map((each) => each.close()));
  await database.drop();
});

describe('two replicas over RabbitMQ and Redis', () => {
  it('tell of a registration and of a deletion', async () => {
    const { user, token } = await first.person();
    await second.call('DELETE', '/api/v1/users/me', { token });
    const told = () => [...first.told, ...second.told].filter((event) => event.subject === user.id);
    await waitFor(() => told().some((event) => event.type === 'user.deleted'), { timeoutMs: 20_000 });
    expect(told()).toContainEqual(
      expect.objectContaining({
        type: 'user.registered',
        data: { userId: user.id, email: user.email, name: user.name },
      }),
    );
    await waitFor(
      async () => {
        const { rows } = await database.pool.query('SELECT count(*)::int AS n FROM outbox WHERE published_at IS NULL');
        return rows[0].n === 0;
      },
      { timeoutMs: 20_000 },
    );
  });

  it('agree about keys, sessions and what has ended', async () => {
    const { token, tokens } = await first.person();
    const status = async (replica: UserServiceUnderTest) =>
      (await replica.call('GET', '/api/v1/users/me', { token })).status;
    expect([await status(first), await status(second)]).toEqual([200, 200]);
    const { refreshToken } = tokens;
    const answers = await Promise.all(
      Array.from({ length: 10 }, (_, index) =>
        (index % 2 === 0 ? first : second).call('POST', '/api/v1/users/refresh', { body: { refreshToken } }),
      ),
    );
    expect(new Set(answers.map(({ body }) => body.refreshToken)).size).toBe(1);
    await second.call('POST', '/api/v1/users/logout', { token });
    expect(await status(second)).toBe(401);
    await waitFor(async () => (await status(first)) === 401);
  });
});
