import { describe, expect, it } from 'vitest';
import { describeSettings, loadSettings, maskSettings } from './load-settings.ts';
import { brokerSettings, commonSettings, databaseSettings, identitySettings } from './platform-settings.ts';
import {
  booleanSetting,
  defineSettings,
  enumSetting,
  integerSetting,
  listSetting,
  portSetting,
  type SettingsOf,
  secretSetting,
  stringSetting,
  urlSetting,
} from './setting.ts';

const settings = defineSettings({
  port: portSetting(3003),
  ttlMs: integerSetting('TTL_MS', {
    default: 900_000,
    min: 1_000,
    max: 86_400_000,
    unit: 'ms',
    description: 'how long',
  }),
  name: stringSetting('NAME', { pattern: /^[A-Z]{3}$/, expected: 'expected three capitals', description: 'a name' }),
  optional: stringSetting('OPTIONAL', { default: undefined }),
  serviceUrl: urlSetting('SERVICE_URL', { default: 'http://localhost:1' }),
  enabled: booleanSetting('ENABLED', { default: true }),
  provider: enumSetting('PROVIDER', { values: ['sandbox', 'stripe'], default: 'sandbox' }),
  delays: listSetting('DELAYS', { items: 'integers', default: [0, 1], max: 10, itemsMax: 3 }),
  origins: listSetting('ORIGINS', { default: [] }),
  key: secretSetting('KEY', { minBytes: 32, description: 'a key' }),
  databaseUrl: secretSetting('DATABASE_URL', 'own user'),
});
type Config = SettingsOf<typeof settings>;

const valid = {
  NAME: 'EUR',
  KEY: 'k'.repeat(32),
  DATABASE_URL: 'postgresql://app:canary@db:5432/orders?sslmode=require',
};

function load(env: Record<string, string>): Config {
  const loaded = loadSettings(settings, { ...valid, ...env });
  if (!loaded.ok) expect.unreachable(loaded.problems.join());
  return loaded.config;
}

function problemOf(name: string, value: string): string[] {
  const loaded = loadSettings(settings, { ...valid, [name]: value });
  return loaded.ok ? [] : loaded.problems;
}

describe('settings', () => {
  it('take their defaults', () => {
    expect(load({})).toEqual({
      port: 3003,
      ttlMs: 900_000,
      name: 'EUR',
      optional: undefined,
      serviceUrl: 'http://localhost:1',
      enabled: true,
      provider: 'sandbox',
      delays: [0, 1],
      origins: [],
      key: valid.KEY,
      databaseUrl: valid.DATABASE_URL,
    });
  });

  it('are read from the environment', () => {
    const env = {
      PORT: '0',
      TTL_MS: '1000',
      OPTIONAL: 'x',
      SERVICE_URL: 'https://example.com/base/',
      ENABLED: 'false',
      PROVIDER: 'stripe',
      DELAYS: '0, 5,10',
      ORIGINS: 'https://a.example,https://b.example',
    };
    expect(load(env)).toMatchObject({
      port: 0,
      ttlMs: 1000,
      optional: 'x',
      serviceUrl: 'https://example.com/base',
      enabled: false,
      provider: 'stripe',
      delays: [0, 5, 10],
      origins: ['https://a.example', 'https://b.example'],
    });
    expect(load({ DELAYS: '', ORIGINS: '' })).toMatchObject({ delays: [], origins: [] });
  });

  it.each([
    ['PORT', '65536'],
    ['PORT', '-1'],
    ['PORT', '80.5'],
    ['PORT', '0x50'],
    ['TTL_MS', '999'],
    ['TTL_MS', '1e5'],
    ['TTL_MS', '99999999999999999999'],
    ['NAME', 'eur'],
    ['SERVICE_URL', 'localhost:3001'],
    ['SERVICE_URL', 'ftp://example.com'],
    ['ENABLED', 'yes'],
    ['PROVIDER', 'paypal'],
    ['DELAYS', '0,x'],
    ['DELAYS', '0,11'],
    ['DELAYS', '1,2,3,4'],
    ['ORIGINS', 'a,,b'],
    ['KEY', 'k'.repeat(31)],
  ])('refuse %s=%s in one line', (name, value) => {
    expect(problemOf(name, value)).toEqual([
      expect.stringMatching(new RegExp(`^${name} is not valid: expected [^\\n]+$`)),
    ]);
  });

  it('name every missing variable and never repeat a secret', () => {
    const loaded = loadSettings(settings, { KEY: 'canary', NAME: '' });
    if (loaded.ok) expect.unreachable();
    expect(loaded.problems).toEqual([
      'NAME is missing: a name',
      'KEY is not valid: expected at least 32 bytes, found 6',
      'DATABASE_URL is missing: own user',
    ]);
  });

  it('are printed with secrets masked', () => {
    const masked = maskSettings(settings, load({ SERVICE_URL: 'https://user:canary@example.com/x?key=canary' }));
    expect(JSON.stringify(masked)).not.toContain('canary');
    expect(masked).toMatchObject({
      KEY: '***',
      DATABASE_URL: 'postgresql://app:***@db:5432/orders',
      SERVICE_URL: 'https://user:***@example.com/x',
      OPTIONAL: null,
      PORT: 3003,
    });
  });

  it('describe themselves for a table', () => {
    const rows = describeSettings(settings);
    expect(rows.find(({ variable }) => variable === 'TTL_MS')).toEqual({
      variable: 'TTL_MS',
      kind: 'integer',
      required: false,
      secret: false,
      default: '900000',
      limits: '1000 to 86400000 ms',
      description: 'how long',
    });
    expect(rows.find(({ variable }) => variable === 'KEY')).toMatchObject({
      secret: true,
      required: true,
      limits: 'at least 32 bytes',
    });
    expect(rows.find(({ variable }) => variable === 'PROVIDER')).toMatchObject({
      limits: 'sandbox, stripe',
      default: 'sandbox',
    });
  });

  it('of the platform fit together', () => {
    const all = { ...commonSettings, ...databaseSettings, ...brokerSettings, ...identitySettings };
    const loaded = loadSettings(all, {
      DATABASE_URL: 'postgres://a@b/c',
      AMQP_URL: 'amqp://guest:guest@mq',
      INTERNAL_SECRET: 's'.repeat(32),
    });
    if (!loaded.ok) expect.unreachable(loaded.problems.join());
    expect(loaded.config).toMatchObject({
      logLevel: 'info',
      logFormat: 'json',
      otlpEndpoint: undefined,
      shutdownGraceMs: 25_000,
      seedDemoData: false,
      databasePoolMax: 10,
      retryDelaysMs: [0, 1000, 5000, 30_000, 120_000],
      jwtIssuer: 'https://souk.example',
      jwtAudience: 'souk',
      userServiceUrl: 'http://localhost:3001',
    });
  });
});
