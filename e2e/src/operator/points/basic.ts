import { expectThat } from '../../deployed/checklist.ts';
import { ROOT } from '../../deployed/program.ts';
import { at, conditionOf, imageOf, phaseOf } from '../kube.ts';
import { OPERATOR, RELEASE, SECONDS, SHOPS, type Stage, secondsSince, VERSIONS } from '../stage.ts';

const { broken, first, next } = VERSIONS;
/** What a new version brings with it: the operator of this test was built before them. */
const RELEASES = [
  { version: next, upgradeFrom: first },
  { version: broken, upgradeFrom: next },
];

export async function installs(stage: Stage): Promise<string> {
  const { helm, operator, shops } = stage;
  const startedAt = performance.now();
  const args = ['install', RELEASE, `${ROOT}charts/shop-operator`, '-n', OPERATOR, '--create-namespace'];
  await helm.run([...args, '--set', 'clusterWide=true', '--set-json', `releases=${JSON.stringify(RELEASES)}`]);
  await operator.kubectl(['create', 'namespace', SHOPS]);
  const level = 'pod-security.kubernetes.io/enforce=restricted';
  await operator.kubectl(['label', 'namespace', SHOPS, OPERATOR, level]);
  // The load of the tests comes from one address and one user.
  const unlimited = ['api-gateway', 'user-service']
    .map((name) => `services.${name}.env.RATE_LIMIT_ENABLED=false`)
    .join();
  const values = ['--set', 'demoData=true', '--set-string', unlimited];
  await helm.run(['install', 'dev', `${ROOT}charts/shop`, '-n', SHOPS, ...values]);
  await shops.kubectl(['wait', 'shop/dev', '--for=condition=Ready', '--timeout=300s'], { timeoutMs: 310_000 });
  const took = secondsSince(startedAt);
  stage.figures.set('helm install to Ready, images loaded (under 90 s)', took);
  return `Ready after ${took}`;
}

/** The charts by the other Helm: the API server is asked for everything, and keeps nothing. */
export async function installsByOther({ otherHelm }: Stage): Promise<string> {
  const args = ['install', 'other', `${ROOT}charts/shop-operator`, '-n', OPERATOR, '--dry-run=server'];
  await otherHelm.run([...args, '--set', 'crds.enabled=false']);
  return (await otherHelm.run(['version', '--short'])).trim();
}

export async function tellsEverything(stage: Stage): Promise<string> {
  const events = await stage.shops.list('events');
  const told = events
    .filter((event) => at(event, 'involvedObject.kind') === 'Shop')
    .map((event) => at(event, 'reason'));
  const wanted = [
    'InstallStarted',
    'SecretsGenerated',
    'DataReady',
    'MessagingReady',
    'MigrationsApplied',
    'WaveStarted',
    'ServicesAvailable',
    'Verified',
    'Installed',
  ];
  const missing = wanted.filter((reason) => !told.includes(reason));
  expectThat(missing.length === 0, `no Event of ${missing.join(', ')}; there are ${told.join(', ')}`);
  return `${told.length} Events`;
}

export async function testsWithHelm({ helm }: Stage): Promise<undefined> {
  await helm.run(['test', 'dev', '-n', SHOPS, '--timeout', '120s']);
  return undefined;
}

export async function repairs(stage: Stage): Promise<string> {
  const { shops } = stage;
  const waits: number[] = [];
  const measure = async (what: string, isRepaired: () => Promise<boolean>) => {
    const startedAt = performance.now();
    await stage.until(what, async () => (await isRepaired()) || undefined, 10);
    waits.push(performance.now() - startedAt);
  };
  for (const [kind, name] of [
    ['deployment', 'order-service'],
    ['service', 'product-service'],
    ['configmap', 'user-service'],
    ['networkpolicy', 'api-gateway'],
    ['secret', 'souk-internal'],
    ['serviceaccount', 'payment-service'],
    ['poddisruptionbudget', 'user-service'],
  ] as const) {
    const { uid } = (await shops.get(kind, `dev-${name}`)).metadata;
    await shops.kubectl(['delete', kind, `dev-${name}`, '--wait=false']);
    await measure(`${kind} ${name}`, async () => (await shops.get(kind, `dev-${name}`)).metadata.uid !== uid);
  }
  await shops.kubectl(['scale', 'deployment/dev-payment-service', '--replicas=3']);
  const replicas = async () => at(await shops.get('deployment', 'dev-payment-service'), 'spec.replicas');
  await measure('One replica', async () => (await replicas()) === 1);
  await shops.kubectl(['set', 'resources', 'deployment/dev-notification-service', '--requests=cpu=31m']);
  const requests = 'spec.template.spec.containers.0.resources.requests.cpu';
  const cpu = async () => at(await shops.get('deployment', 'dev-notification-service'), requests);
  await measure('The CPU of before', async () => (await cpu()) === '25m');
  await stage.settles(120);
  const slowest = `${(Math.max(...waits) / SECONDS).toFixed(1)} s`;
  stage.figures.set('slowest repair of drift (p99 under 10 s)', `${slowest} of ${waits.length}`);
  return `${waits.length} repairs, the slowest after ${slowest}`;
}

export async function rollsBack(stage: Stage, tag: 'crash' | 'missing'): Promise<string> {
  const startedAt = performance.now();
  const before = imageOf(await stage.shops.get('deployment', 'dev-product-service'));
  await stage.setImages({ 'product-service': `souk/product-service:${tag}` });
  const shop = await stage.waitForShop('The rollback', (one) => phaseOf(one) === 'Degraded', { seconds: 240 });
  const took = secondsSince(startedAt);
  const image = imageOf(await stage.shops.get('deployment', 'dev-product-service'));
  expectThat(image === before, `product-service runs ${String(image)}`);
  const degraded = conditionOf(shop, 'Degraded');
  const reason = tag === 'crash' ? 'ContainerCrashed' : 'ImagePullFailed';
  expectThat(degraded?.reason === reason, `${degraded?.reason}: ${degraded?.message}`);
  if (tag === 'crash') expectThat(degraded.message.includes('The new version cannot start'), degraded.message);
  await stage.setImages({ 'product-service': null });
  await stage.settles(120);
  if (tag === 'crash') stage.figures.set('rollback of a crashing image (under 60 s)', took);
  return `${took}; ${degraded?.message}`;
}

/** A Shop that is deleted with the policy Retain. */
export async function keepsVolumes(stage: Stage): Promise<string> {
  const { shops } = stage;
  const selector = 'app.kubernetes.io/instance=dev';
  await shops.kubectl(['delete', 'shop', 'dev', '--timeout=60s']);
  const areGone = async () => (await shops.list('pods', selector)).length === 0 || undefined;
  await stage.until('The end of the pods', areGone, 120);
  const volumes = await shops.list('persistentvolumeclaims', selector);
  const secrets = await shops.list('secrets', selector);
  const message = `${volumes.length} volumes and ${secrets.length} Secrets are left`;
  expectThat(volumes.length === 5 && secrets.length === 12, message);
  return message;
}

/** A new Shop of the same name takes up what its predecessor has left, by the same passwords. */
export async function takesUpAgain({ helm, shops }: Stage): Promise<string> {
  const startedAt = performance.now();
  const key = async () => at(await shops.get('secret', 'dev-key'), 'data.key');
  const before = await key();
  await helm.run(['uninstall', 'dev', '-n', SHOPS]).catch(() => undefined);
  await helm.run(['install', 'dev', `${ROOT}charts/shop`, '-n', SHOPS, '--set', `version=${next},demoData=true`]);
  await shops.kubectl(['wait', 'shop/dev', '--for=condition=Ready', '--timeout=300s'], { timeoutMs: 310_000 });
  expectThat((await key()) === before, 'the key is another one');
  return `Ready after ${secondsSince(startedAt)}`;
}
