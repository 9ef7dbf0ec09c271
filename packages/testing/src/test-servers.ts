import { inject } from 'vitest';

declare module 'vitest' {
  interface ProvidedContext {
    soukPostgresUrl: string;
    soukAmqpUrl: string;
    soukRedisUrl: string;
  }
}

/** URL of the superuser of this run's PostgreSQL. Tests use a database of their own: createTestDatabase. */
export function testPostgresUrl(): string {
  return inject('soukPostgresUrl');
}

/** URL of this run's RabbitMQ, which all tests share: each takes a name prefix of its own for exchange and queues. */
export function testAmqpUrl(): string {
  return inject('soukAmqpUrl');
}

/** URL of this run's Redis, which all tests share: each takes a key prefix of its own. */
export function testRedisUrl(): string {
  return inject('soukRedisUrl');
}
