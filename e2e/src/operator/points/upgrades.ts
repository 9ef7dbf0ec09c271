import { SERVICE_NAMES } from '@souk/cdk8s';
import { type LoadResult, unlessStarved } from '../../cluster/load.ts';
import { expectThat } from '../../deployed/checklist.ts';
import { at, conditionOf, imageOf, phaseOf } from '../kube.ts';
import { underLoad } from '../shop-load.ts';
import { type Stage, secondsSince, VERSIONS } from '../stage.ts';

const RATE = 50;
const { broken, first, next } = VERSIONS;

function expectNoFailure({ failed, msP50, msP99, orders, samples, seconds, sent }: LoadResult): string {
  expectThat(failed === 0, `${failed} of ${sent} requests failed:\n${samples.join('\n')}`);
  return `${sent} requests in ${seconds} s, 0 failed, p50 ${msP50} ms, p99 ${msP99} ms, ${orders} orders`;
}

const load = (stage: Stage, requestsPerSecond: number, work: () => Promise<void>) =>
  underLoad(stage.shops, { shop: 'dev', image: `souk/api-gateway:${first}`, requestsPerSecond }, work);

async function expectImages(stage: Stage, version: string): Promise<void> {
  for (const name of SERVICE_NAMES) {
    const image = imageOf(await stage.shops.get('deployment', `dev-${name}`));
    expectThat(image === `souk/${name}:${version}`, `${name} runs ${String(image)}`);
  }
}

/** What may not be is refused, and nothing is touched. */
async function refuses(stage: Stage, version: string, sentence: string): Promise<void> {
  const before = (await stage.shop()).status?.version;
  await stage.patch({ version });
  const { message } = await stage.reason('Ready', 'UpgradeBlocked', { seconds: 20 });
  expectThat(message.includes(sentence), message);
  await expectImages(stage, String(before));
  await stage.patch({ version: before });
  await stage.settles(30);
}

export async function refusesTooFar(stage: Stage): Promise<undefined> {
  await refuses(stage, broken, `upgrade to ${next} first`);
  return undefined;
}

export async function refusesDowngrade(stage: Stage): Promise<undefined> {
  await refuses(stage, first, `Version ${next} runs and does not go back to ${first}`);
  return undefined;
}

async function podsOfData({ shops }: Stage): Promise<string> {
  const pods = await shops.list('pods', 'app.kubernetes.io/instance=dev,app.kubernetes.io/component=data');
  return pods
    .map(({ metadata }) => `${metadata.name} ${metadata.uid}`)
    .sort()
    .join();
}

/** By `spec.version`; measured again, another rollout of all services takes its place, since no version goes back. */
export async function upgradesUnderLoad(stage: Stage): Promise<string> {
  const dataPods = await podsOfData(stage);
  const result = await unlessStarved(RATE, (requestsPerSecond, attempt) =>
    load(stage, requestsPerSecond, async () => {
      if (attempt === 1) await stage.patch({ version: next });
      else await stage.rollAll(`attempt-${attempt}`);
      await stage.waitForShop('The upgrade', (shop) => phaseOf(shop) === 'Upgrading', { seconds: 30 });
      await stage.settles(300);
    }),
  );
  await expectImages(stage, next);
  expectThat((await podsOfData(stage)) === dataPods, 'a database, the broker or the cache was started again');
  const { version } = (await stage.shop()).status ?? {};
  expectThat(version === next, `status.version is ${String(version)}`);
  const sentence = expectNoFailure(result);
  stage.figures.set('upgrade by spec.version under load (0 failed)', `${result.failed} of ${result.sent} failed`);
  return sentence;
}

/** The last wave of the version cannot start: all the others have to go back. */
export async function rollsBackUnderLoad(stage: Stage): Promise<string> {
  const result = await unlessStarved(RATE, async (requestsPerSecond, attempt) => {
    if (attempt > 1) {
      await stage.patch({ version: next });
      await stage.settles(120);
    }
    return load(stage, requestsPerSecond, async () => {
      await stage.patch({ version: broken });
      await stage.waitForShop('The rollback', (shop) => phaseOf(shop) === 'Degraded', { seconds: 300 });
    });
  });
  await expectImages(stage, next);
  const shop = await stage.shop();
  const failed = at(shop, 'status.failedTarget.version');
  expectThat(failed === broken, `failedTarget is ${String(failed)}`);
  expectThat(conditionOf(shop, 'Ready')?.reason === 'RolledBack', JSON.stringify(conditionOf(shop, 'Ready')));
  await stage.patch({ version: next });
  await stage.settles(120);
  stage.figures.set('rollback under load (0 failed)', `${result.failed} of ${result.sent} failed`);
  return expectNoFailure(result);
}

export async function losesLeader(stage: Stage): Promise<string> {
  const leader = await stage.leader();
  await stage.rollAll('leader-killed');
  await stage.waitForShop('The upgrade', (shop) => phaseOf(shop) === 'Upgrading', { seconds: 30 });
  await stage.operator.kubectl(['delete', 'pod', leader, '--grace-period=0', '--force']);
  const startedAt = performance.now();
  await stage.settles(240);
  const took = secondsSince(startedAt);
  const successor = await stage.leader();
  expectThat(successor !== leader, `${leader} still leads`);
  stage.figures.set('settled after the leader was killed in an upgrade', took);
  return `settled ${took} after the kill`;
}

export async function isEditedDuringRollout(stage: Stage): Promise<string> {
  const product = (env: object, image: string | null = null) =>
    stage.patch({ services: { 'user-service': { env }, 'product-service': { image, env } } });
  await product({ ROLLED: 'first-edit' }, 'souk/product-service:crash');
  await stage.waitForShop('The first edit', (shop) => phaseOf(shop) === 'Upgrading', { seconds: 30 });
  await product({ ROLLED: 'second-edit' });
  const startedAt = performance.now();
  await stage.settles(180);
  const shop = await stage.shop();
  const env = at(shop, 'status.current.services.product-service.env.ROLLED');
  expectThat(env === 'second-edit', `product-service runs with ${String(env)}`);
  expectThat(at(shop, 'status.failedTarget') === undefined, 'the first edit is remembered as failed');
  await expectImages(stage, next);
  return `settled ${secondsSince(startedAt)} after the second edit`;
}
