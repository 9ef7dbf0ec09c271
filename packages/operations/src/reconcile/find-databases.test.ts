import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { UsageError } from '../usage-error.ts';
import { findDatabases } from './find-databases.ts';
import { DATABASE_NAMES } from './shop-databases.ts';

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'souk-find-'));
  writeFileSync(join(folder, 'platform.json'), '{"postgresPort":5433}');
  writeFileSync(join(folder, 'secrets.json'), '{"databasePassword":"a/b"}');
});
afterAll(() => rmSync(folder, { recursive: true }));

const environment = Object.fromEntries(
  DATABASE_NAMES.map((name) => [`${name.toUpperCase()}_DATABASE_URL`, `env-${name}`]),
);

test('an option goes before the environment, and both before a platform that runs beside', () => {
  const found = findDatabases({ options: { 'orders-url': 'option' }, env: environment, dataFolder: folder });
  const urls = {
    users: 'env-users',
    products: 'env-products',
    orders: 'option',
    payments: 'env-payments',
    notifications: 'env-notifications',
  };
  expect(found).toEqual({ urls, isOneProcess: false });
});

test('the one-process run is found by its data folder', () => {
  const { urls, isOneProcess } = findDatabases({ options: {}, env: {}, dataFolder: folder });
  expect(isOneProcess).toBe(true);
  expect(urls.orders).toBe('postgresql://orders_owner:a%2Fb@127.0.0.1:5433/orders');
});

test('half of the databases is a mistake, not the other half of another platform', () => {
  const source = { options: {}, env: { ORDERS_DATABASE_URL: 'x' }, dataFolder: folder };
  expect(() => findDatabases(source)).toThrow(UsageError);
});

test('a folder in which no platform runs is named', () => {
  const missing = { options: {}, env: {}, dataFolder: join(folder, 'none') };
  expect(() => findDatabases(missing)).toThrow(/No platform runs in .*none/);
  writeFileSync(join(folder, 'platform.json'), 'torn');
  expect(() => findDatabases({ options: {}, env: {}, dataFolder: folder })).toThrow(UsageError);
});
