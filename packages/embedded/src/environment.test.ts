import { describe, expect, it } from 'vitest';
import { behindGateway, platformEnvironment, serviceEnvironment } from './environment.ts';
import { DEFAULT_PORTS } from './layout.ts';

const secrets = { internalSecret: 'i'.repeat(32), postgresPassword: 'p', databasePassword: 'd' };
const shared = (base: Record<string, string> = {}) =>
  platformEnvironment({ base, folder: '/data', ports: DEFAULT_PORTS, secrets });

describe('the environment of the one-process run', () => {
  it('connects the services on their ports and keeps mails in files', () => {
    expect(shared()).toMatchObject({
      PRODUCT_SERVICE_URL: 'http://127.0.0.1:8000',
      MAIL_DIRECTORY: '/data/mail',
      PUBLIC_URL: 'http://localhost:3000',
      SEED_DEMO_DATA: 'true',
    });
  });

  it('hands on what is set, except for what connects the services', () => {
    const env = shared({
      LOG_LEVEL: 'debug',
      SEED_DEMO_DATA: 'false',
      INTERNAL_SECRET: 'weak',
      USER_SERVICE_URL: 'http://x',
    });
    expect(env).toMatchObject({ LOG_LEVEL: 'debug', SEED_DEMO_DATA: 'false', INTERNAL_SECRET: secrets.internalSecret });
    expect(env.USER_SERVICE_URL).toBe('http://127.0.0.1:3001');
  });

  it('sends mails by SMTP where a server is named', () => {
    expect(shared({ SMTP_URL: 'smtp://localhost' }).MAIL_DIRECTORY).toBeUndefined();
  });

  it('gives a service its own port and database, whatever the shell has', () => {
    const env = serviceEnvironment(shared({ PORT: '1', DATABASE_URL: 'postgresql://elsewhere' }), 3003, {
      ownerUrl: 'postgresql://owner',
      appUrl: 'postgresql://app',
    });
    expect(env).toMatchObject({
      PORT: '3003',
      DATABASE_URL: 'postgresql://app',
      MIGRATION_DATABASE_URL: 'postgresql://owner',
    });
    expect(serviceEnvironment(shared({ DATABASE_URL: 'postgresql://elsewhere' }), 3000).DATABASE_URL).toBeUndefined();
  });

  it('counts the gateway as one more proxy in front of a service, and leaves what is no number to the settings', () => {
    expect(behindGateway({}).TRUSTED_PROXY_HOPS).toBe('1');
    expect(behindGateway({ TRUSTED_PROXY_HOPS: '1' }).TRUSTED_PROXY_HOPS).toBe('2');
    expect(behindGateway({ TRUSTED_PROXY_HOPS: 'many' }).TRUSTED_PROXY_HOPS).toBe('many');
  });
});
