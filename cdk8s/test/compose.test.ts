import { describe, expect, it } from 'vitest';
import { DEV } from '../src/environments.ts';
import { environmentOf } from '../src/model/environment.ts';
import {
  DATA_IMAGES,
  MAIL_PAGE_PORT,
  POSTGRES_SERVERS,
  postgresServerOf,
  RABBITMQ_MANAGEMENT_PORT,
  REDIS_ARGS,
  SERVICES,
  type ServiceModel,
} from '../src/model/platform.ts';
import { edgesOf } from '../src/render/network-policy.ts';
import { readCompose } from './files.ts';
import { SETTINGS } from './service-settings.ts';

const { services, volumes } = readCompose();
const models = Object.values(SERVICES);
const of = (name: string) => services[name] ?? {};
/** `127.0.0.1:${GATEWAY_PORT:-3000}:3000` -> the default on this machine, the port in the container. */
const portsOf = (name: string) =>
  (of(name).ports ?? []).map((port) =>
    /^127\.0\.0\.1:\$\{[A-Z_]+_PORT:-(\d+)\}:(\d+)$/.exec(port)?.slice(1).map(Number),
  );

const migrated = (service: ServiceModel) => `${service.name}-migrate`;

/** What the model says a service waits for: whom it calls, what it keeps, its own schema and demo data. */
function dependenciesOf(service: ServiceModel): Record<string, string> {
  return {
    ...Object.fromEntries(service.calls.map((callee) => [callee, 'service_healthy'])),
    ...(service.broker ? { rabbitmq: 'service_healthy' } : {}),
    ...(service.cache ? { redis: 'service_healthy' } : {}),
    ...(service.database ? { [migrated(service)]: 'service_completed_successfully' } : {}),
    ...(service.seeds ? { [`${service.name}-seed`]: 'service_completed_successfully' } : {}),
    ...(service.name === 'notification-service' ? { mailpit: 'service_started' } : {}),
  };
}

describe('compose.dev.yaml', () => {
  it('runs the twelve containers of the plan under their names, Mailpit beside them', () => {
    const named = Object.entries(services).filter(([, service]) => service.container_name);
    expect(named.every(([name, service]) => service.container_name === name)).toBe(true);
    expect(named.map(([name]) => name).sort()).toEqual(
      [...Object.keys(SERVICES), ...Object.keys(POSTGRES_SERVERS), 'redis', 'rabbitmq', 'mailpit'].sort(),
    );
  });

  it.each(models)('builds, publishes and guards $name as the model says', (service) => {
    const found = of(service.name);
    expect(found.build).toEqual({ context: '.', args: { SERVICE: service.name } });
    expect(found.image).toBe(DEV.imageOf(service.name));
    expect(portsOf(service.name)).toEqual([[service.port, service.port]]);
    expect(found.healthcheck?.test.join(' ')).toContain(`http://127.0.0.1:${service.opsPort}/readyz`);
    expect(found).toMatchObject({ restart: 'unless-stopped', read_only: true, cap_drop: ['ALL'] });
    expect(found.develop?.watch.map(({ path }) => path)).toEqual([`services/${service.name}`, 'packages']);
  });

  it.each(models)('starts $name after what it calls and keeps', (service) => {
    const conditions = Object.entries(of(service.name).depends_on ?? {}).map(([name, { condition }]) => [
      name,
      condition,
    ]);
    expect(Object.fromEntries(conditions)).toEqual(dependenciesOf(service));
  });

  it.each(models)('gives $name the variables of the model, and none that it does not know', (service) => {
    const variables = of(service.name).environment ?? {};
    const known = SETTINGS[service.name] ?? [];
    expect(Object.keys(variables).filter((name) => !known.some((setting) => setting.name === name))).toEqual([]);
    const missing = environmentOf(service, DEV.environment).filter(({ name }) => !(name in variables));
    const byDefault = (name: string) => known.find((setting) => setting.name === name)?.default;
    for (const variable of missing) expect(variable).toEqual({ name: variable.name, value: byDefault(variable.name) });
    for (const variable of environmentOf(service, DEV.environment))
      if ('value' in variable && variable.name.endsWith('_SERVICE_URL'))
        expect(variables[variable.name]).toBe(variable.value);
  });

  it.each(models.filter(({ database }) => database))('migrates the database of $name as its owner, once', (service) => {
    const server = postgresServerOf(service.database ?? 'users');
    const job = of(migrated(service));
    expect(job).toMatchObject({ command: ['main.js', 'migrate'], restart: 'no', image: DEV.imageOf(service.name) });
    expect(job.depends_on).toEqual({ [server]: { condition: 'service_healthy' } });
    expect(Object.keys(job.environment ?? {}).sort()).toEqual(
      environmentOf(service, DEV.environment, 'migrate').map(({ name }) => name),
    );
    for (const url of ['DATABASE_URL', 'MIGRATION_DATABASE_URL'])
      expect(job.environment?.[url]).toMatch(new RegExp(`@${server}:5432/${service.database}$`));
    expect(of(service.name).environment).not.toHaveProperty('MIGRATION_DATABASE_URL');
  });

  it('has demo data of exactly the services that have some', () => {
    const seeds = Object.keys(services).filter((name) => name.endsWith('-seed'));
    expect(seeds).toEqual(models.filter((service) => service.seeds).map(({ name }) => `${name}-seed`));
    for (const name of seeds) expect(of(name).environment?.SEED_DEMO_DATA).toBe('true');
  });

  it('runs the data tier of the model, each on a named volume', () => {
    for (const [server, [database]] of Object.entries(POSTGRES_SERVERS)) {
      expect(of(server)).toMatchObject({ image: DATA_IMAGES.postgres, environment: { POSTGRES_DB: database } });
      expect(of(server).volumes).toEqual([`${server}:/var/lib/postgresql`]);
    }
    expect(of('redis')).toMatchObject({ image: DATA_IMAGES.redis, command: REDIS_ARGS });
    expect(of('rabbitmq').image).toBe(DATA_IMAGES.rabbitmq);
    expect(of('mailpit').image).toBe(DATA_IMAGES.mailpit);
    expect(portsOf('rabbitmq')).toContainEqual([RABBITMQ_MANAGEMENT_PORT, RABBITMQ_MANAGEMENT_PORT]);
    expect(portsOf('mailpit')).toEqual([[MAIL_PAGE_PORT, MAIL_PAGE_PORT]]);
    expect(Object.keys(volumes).sort()).toEqual([...Object.keys(POSTGRES_SERVERS), 'redis', 'rabbitmq'].sort());
  });

  it('draws the same graph as the network policies', () => {
    const graph = new Set<string>();
    for (const [name, service] of Object.entries(services)) {
      if (!service.image?.startsWith('souk/')) continue;
      for (const needed of Object.keys(service.depends_on ?? {}))
        if (!/-(migrate|seed)$/.test(needed)) graph.add(`${name} -> ${needed}`);
      const host = /@([a-z-]+):/.exec(service.environment?.DATABASE_URL ?? '')?.[1];
      if (host) graph.add(`${name} -> ${host}`);
    }
    expect([...graph].sort()).toEqual([...new Set(edgesOf(DEV).map(({ from, to }) => `${from} -> ${to}`))].sort());
  });

  it('publishes nothing beyond this machine', () => {
    const ports = Object.values(services).flatMap((service) => service.ports ?? []);
    expect(ports.filter((port) => !port.startsWith('127.0.0.1:'))).toEqual([]);
  });
});
