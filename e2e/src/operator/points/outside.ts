import { DATA_IMAGES, SERVICES } from '@souk/cdk8s';
import { expectThat } from '../../deployed/checklist.ts';
import { fetchDefinitions, HTTP_ROUTES } from '../foreign-definitions.ts';
import { at, conditionOf, createKube } from '../kube.ts';
import { OUTSIDE, SHOPS, type Stage, secondsSince } from '../stage.ts';

const NAME = 'ext';
const PASSWORD = 'a-password-of-somebody-else';

interface Outside {
  name: string;
  image: string;
  port: number;
  env: Record<string, string>;
  /** Answers once clients are served. */
  isReady: readonly string[];
}

const PROGRAMS: readonly Outside[] = [
  {
    name: 'postgres',
    image: DATA_IMAGES.postgres,
    port: 5432,
    env: { POSTGRES_PASSWORD: PASSWORD, LANG: 'C.UTF-8' },
    isReady: ['pg_isready', '-q', '-U', 'postgres', '-h', '127.0.0.1'],
  },
  { name: 'redis', image: DATA_IMAGES.redis, port: 6379, env: {}, isReady: ['redis-cli', 'ping'] },
  {
    name: 'rabbitmq',
    image: DATA_IMAGES.rabbitmq,
    port: 5672,
    env: { RABBITMQ_DEFAULT_USER: 'somebody', RABBITMQ_DEFAULT_PASS: PASSWORD, RABBITMQ_NODENAME: 'rabbit@localhost' },
    isReady: ['rabbitmq-diagnostics', '-q', 'check_port_connectivity'],
  },
];

function manifestsOf({ env, image, isReady, name, port }: Outside): object[] {
  const readinessProbe = { exec: { command: isReady }, periodSeconds: 2, timeoutSeconds: 10, failureThreshold: 60 };
  const container = {
    name,
    image,
    imagePullPolicy: 'IfNotPresent',
    env: Object.entries(env).map(([key, value]) => ({ name: key, value })),
    readinessProbe,
  };
  const metadata = { name, labels: { app: name } };
  return [
    { apiVersion: 'v1', kind: 'Pod', metadata, spec: { enableServiceLinks: false, containers: [container] } },
    { apiVersion: 'v1', kind: 'Service', metadata, spec: { selector: { app: name }, ports: [{ port }] } },
  ];
}

async function makeServers(): Promise<void> {
  const kube = createKube({ namespace: OUTSIDE });
  await kube.kubectl(['create', 'namespace', OUTSIDE]);
  await kube.apply({ apiVersion: 'v1', kind: 'List', items: PROGRAMS.flatMap(manifestsOf) });
  await kube.kubectl(['wait', 'pods', '--all', '--for=condition=Ready', '--timeout=180s'], { timeoutMs: 190_000 });
}

function secret(name: string, stringData: Record<string, string>): object {
  return { apiVersion: 'v1', kind: 'Secret', metadata: { name }, stringData };
}

/** As docs/how-to/operate.md says it: migrations as the owner, who makes the databases and the services' users. */
function databaseUrls(): Record<string, string> {
  const urls = Object.values(SERVICES).flatMap(({ database, name }) => {
    if (!database) return [];
    const [variable, user] = [name.toUpperCase().replaceAll('-', '_'), name.replaceAll('-', '_')];
    const at = `postgres.${OUTSIDE}:5432/${database}`;
    return [
      [`${variable}_DATABASE_URL`, `postgresql://${user}:of-${user}@${at}`],
      [`${variable}_MIGRATION_DATABASE_URL`, `postgresql://postgres:${PASSWORD}@${at}`],
    ];
  });
  return Object.fromEntries(urls);
}

/** Databases, broker and cache by Secret, in another namespace; its first image cannot be had. */
export async function installsOnOutside(stage: Stage): Promise<string> {
  const { shops } = stage;
  await makeServers();
  const external = (name: string) => ({ mode: 'External', secretRef: { name } });
  await shops.apply({
    apiVersion: 'souk.dev/v1alpha1',
    kind: 'Shop',
    metadata: { name: NAME, namespace: SHOPS },
    spec: {
      version: '0.1.0',
      demoData: true,
      data: external('ext-databases'),
      messaging: external('ext-broker'),
      cache: external('ext-redis'),
      services: { 'user-service': { image: 'souk/user-service:missing' } },
    },
  });
  const told = await stage.reason('Ready', 'SecretMissing', { name: NAME, seconds: 20 });
  expectThat(told.message.includes('The Secret ext-databases does not exist'), told.message);
  await shops.apply(secret('ext-databases', databaseUrls()));
  await shops.apply(secret('ext-broker', { AMQP_URL: `amqp://somebody:${PASSWORD}@rabbitmq.${OUTSIDE}:5672` }));
  await shops.apply(secret('ext-redis', { REDIS_URL: `redis://redis.${OUTSIDE}:6379` }));
  const startedAt = performance.now();
  const degraded = await stage.reason('Degraded', 'ImagePullFailed', { name: NAME, seconds: 120 });
  expectThat(degraded.message.includes('souk/user-service:missing'), degraded.message);
  await stage.patch({ services: { 'user-service': { image: null } } }, NAME);
  await stage.settles(240, NAME);
  const shop = await stage.shop(NAME);
  for (const type of ['DataReady', 'MessagingReady'])
    expectThat(conditionOf(shop, type)?.reason === 'External', JSON.stringify(conditionOf(shop, type)));
  const own = await shops.list('statefulsets,persistentvolumeclaims', `app.kubernetes.io/instance=${NAME}`);
  expectThat(own.length === 0, `${own.length} StatefulSets or volumes of its own`);
  return `SecretMissing, then ImagePullFailed, then Ready: ${secondsSince(startedAt)} after the Secrets`;
}

export async function exposesByIngress(stage: Stage): Promise<undefined> {
  const exposure = {
    type: 'Ingress',
    host: 'shop.example',
    ingressClassName: 'any',
    tls: { secretName: 'shop-certificate' },
  };
  await stage.patch({ exposure }, NAME);
  await stage.reason('Exposed', 'Done', { name: NAME, seconds: 60 });
  await stage.settles(120, NAME);
  const [ingress] = await stage.shops.list('ingresses', `app.kubernetes.io/instance=${NAME}`);
  const backend = at(ingress, 'spec.rules.0.http.paths.0.backend.service.name');
  expectThat(backend === `${NAME}-api-gateway`, JSON.stringify(ingress?.spec));
  return undefined;
}

/** The Gateway API is installed after the operator has started, and removed again. */
export async function exposesByGateway(stage: Stage): Promise<string> {
  const gatewayRef = { name: 'public', namespace: 'gateways' };
  await stage.patch({ exposure: { type: 'Gateway', gatewayRef, ingressClassName: null, tls: null } }, NAME);
  await stage.reason('Ready', 'NoGatewayApi', { name: NAME, seconds: 20 });
  const definitions = await fetchDefinitions(HTTP_ROUTES);
  await stage.shops.kubectl(['apply', '--server-side', '-f', '-'], { input: definitions.text });
  try {
    const startedAt = performance.now();
    await stage.reason('Exposed', 'Done', { name: NAME, seconds: 60 });
    await stage.settles(120, NAME);
    const routes = await stage.shops.list('httproutes', `app.kubernetes.io/instance=${NAME}`);
    const backend = at(routes[0], 'spec.rules.0.backendRefs.0.name');
    expectThat(backend === `${NAME}-api-gateway`, JSON.stringify(routes));
    const ingresses = await stage.shops.list('ingresses', `app.kubernetes.io/instance=${NAME}`);
    expectThat(ingresses.length === 0, 'the Ingress is still there');
    const found = secondsSince(startedAt);
    await stage.shops.kubectl(['delete', 'httproute', `${NAME}-souk`, '--wait=false']);
    await stage.until('The repair', async () => (await stage.exists('httproutes', `${NAME}-souk`)) || undefined, 10);
    await stage.patch({ exposure: { type: 'None', gatewayRef: null, host: null } }, NAME);
    const isGone = async () => (await stage.shops.list('httproutes')).length === 0 || undefined;
    await stage.until('The end of the route', isGone, 20);
    return `found ${found} after it was installed (${definitions.source})`;
  } finally {
    await stage.shops.kubectl(['delete', '-f', '-', '--ignore-not-found'], { input: definitions.text });
  }
}

export async function removesOnOutside({ shops }: Stage): Promise<undefined> {
  await shops.kubectl(['delete', 'shop', NAME, '--timeout=60s']);
  await shops.kubectl(['delete', 'namespace', OUTSIDE, '--wait=false']);
  return undefined;
}
