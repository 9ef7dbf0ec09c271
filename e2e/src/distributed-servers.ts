import { randomBytes } from 'node:crypto';
import { EXCHANGE, QUEUES, RETRY_DELAYS_MS_DEFAULT, retryQueueName } from '@souk/contracts';
import { testAmqpUrl, testPostgresUrl, testRedisUrl } from '@souk/testing';
import amqp from 'amqplib';
import { Redis } from 'ioredis';
import pg from 'pg';
import { DATABASE_NAMES, type DatabaseName, TEST_SETTINGS } from './platform.ts';

const DATABASES = Object.values(DATABASE_NAMES);
const REDIS_DATABASES = 16;

/** What one distributed platform has on the shared servers of the test run, apart from all others. */
export interface ServerShare {
  /** Of a superuser, in the database of that name. */
  administratorUrl(database: DatabaseName): string;
  ownerUrl(database: DatabaseName): string;
  appUrl(database: DatabaseName): string;
  amqpUrl: string;
  amqpNamePrefix: string;
  redisUrl: string;
  remove(): Promise<void>;
}

export interface ServerUrls {
  postgresUrl: string;
  amqpUrl: string;
  redisUrl: string;
}

/** The servers of the test run, which all tests share. */
export function sharedServers(): ServerUrls {
  return { postgresUrl: testPostgresUrl(), amqpUrl: testAmqpUrl(), redisUrl: testRedisUrl() };
}

async function asAdministrator(url: string, run: (client: pg.Client) => Promise<void>): Promise<void> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  try {
    await run(client);
  } finally {
    await client.end();
  }
}

/** A numbered database of Redis that holds nothing. */
async function emptyRedisDatabase(server: string): Promise<string> {
  for (let number = REDIS_DATABASES - 1; number > 0; number--) {
    const url = new URL(server);
    url.pathname = `/${number}`;
    const redis = new Redis(url.href);
    const isEmpty = (await redis.dbsize()) === 0;
    // Claimed at once, so that a run beside this one takes another.
    const claimed = isEmpty && (await redis.set('souk-e2e', '1', 'EX', 3_600, 'NX')) === 'OK';
    redis.disconnect();
    if (claimed) return url.href;
  }
  return server;
}

async function flushRedis(url: string): Promise<void> {
  if (new URL(url).pathname.length < 2) return; // the shared one: others use it
  const redis = new Redis(url);
  await redis.flushdb();
  redis.disconnect();
}

async function removeTopology(url: string, prefix: string): Promise<void> {
  const delays = new Set([...RETRY_DELAYS_MS_DEFAULT, ...(TEST_SETTINGS.RETRY_DELAYS_MS ?? '').split(',').map(Number)]);
  const connection = await amqp.connect(url, { timeout: 5_000 });
  try {
    const channel = await connection.createChannel();
    for (const { queue, deadLetterQueue } of QUEUES) {
      const retries = [...delays].map((delay) => retryQueueName(queue, delay));
      for (const name of [queue, deadLetterQueue, ...retries]) await channel.deleteQueue(`${prefix}${name}`);
    }
    await channel.deleteExchange(`${prefix}${EXCHANGE}`);
  } finally {
    await connection.close();
  }
}

/** Makes owners and service users without databases: `main.js migrate` makes the rest, as in a deployment. */
export async function claimServerShare(servers: ServerUrls = sharedServers()): Promise<ServerShare> {
  const { postgresUrl, amqpUrl } = servers;
  const id = `e2e_${randomBytes(4).toString('hex')}`;
  const password = randomBytes(12).toString('base64url');
  const nameOf = (database: DatabaseName) => `${id}_${database}`;
  const urlOf = (database: DatabaseName, user: string) => {
    const url = new URL(postgresUrl);
    Object.assign(url, { username: user, password, pathname: `/${nameOf(database)}` });
    return url.href;
  };
  await asAdministrator(postgresUrl, async (client) => {
    for (const database of DATABASES) {
      await client.query(`CREATE ROLE ${nameOf(database)}_owner LOGIN CREATEDB CREATEROLE PASSWORD '${password}'`);
      await client.query(`CREATE ROLE ${nameOf(database)}_app LOGIN PASSWORD '${password}'`);
      await client.query(`CREATE DATABASE ${nameOf(database)} OWNER ${nameOf(database)}_owner`);
    }
  });
  const redisUrl = await emptyRedisDatabase(servers.redisUrl);
  const amqpNamePrefix = `${id.replace('_', '-')}.`;
  return {
    administratorUrl: (database) => {
      const url = new URL(postgresUrl);
      url.pathname = `/${nameOf(database)}`;
      return url.href;
    },
    ownerUrl: (database) => urlOf(database, `${nameOf(database)}_owner`),
    appUrl: (database) => urlOf(database, `${nameOf(database)}_app`),
    amqpUrl,
    amqpNamePrefix,
    redisUrl,
    remove: async () => {
      await asAdministrator(postgresUrl, async (client) => {
        for (const database of DATABASES) {
          await client.query(`DROP DATABASE IF EXISTS ${nameOf(database)} WITH (FORCE)`);
          await client.query(`DROP ROLE IF EXISTS ${nameOf(database)}_app, ${nameOf(database)}_owner`);
        }
      });
      await Promise.all([removeTopology(amqpUrl, amqpNamePrefix), flushRedis(redisUrl)]);
    },
  };
}
