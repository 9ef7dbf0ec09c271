import { setTimeout as sleep } from 'node:timers/promises';
import { waitFor } from '@souk/testing';
import { type LoadResult, unlessStarved } from '../cluster/load.ts';
import { expectThat, type Point } from '../deployed/checklist.ts';
import { ROOT } from '../deployed/program.ts';
import type { Helm } from './helm.ts';
import { at, conditionOf, createKube, imageOf, type Kube, type KubeObject, phaseOf } from './kube.ts';
import { underLoad } from './shop-load.ts';

export const SHOPS = 'souk-shops';
export const OPERATOR = 'souk-operator';
const RELEASE = 'shop-operator';
const SECONDS = 1_000;

export interface ClusterOptions {
  helm: Helm;
  /** Brings an image under another tag into the cluster: the next version, and one that crashes. */
  loadImages: () => Promise<void>;
  quick: boolean;
}

const secondsSince = (startedAt: number) => `${((performance.now() - startedAt) / SECONDS).toFixed(1)} s`;

/** The operator on a cluster with nodes, from `helm install` to `kubectl delete shop`. */
export class OnCluster {
  readonly #helm: Helm;
  readonly #options: ClusterOptions;
  readonly #shops: Kube = createKube({ namespace: SHOPS });
  readonly #operator: Kube = createKube({ namespace: OPERATOR });

  constructor(options: ClusterOptions) {
    this.#helm = options.helm;
    this.#options = options;
  }

  points(): Point[] {
    const install = { title: 'helm install, and a Shop has placed an order', check: () => this.#install() };
    const repairs = { title: 'Deleted and changed objects come back', check: () => this.#repairs() };
    const rollback = { title: 'An image that crashes is taken back', check: () => this.#rollsBack('crash') };
    const upgrade = {
      title: 'An upgrade under 50 requests a second fails none',
      check: () => this.#upgradesUnderLoad(),
    };
    const end = { title: 'A deleted Shop keeps its volumes', check: () => this.#isDeleted() };
    if (this.#options.quick) return [install, repairs, rollback, upgrade, end];
    return [
      install,
      { title: 'helm test buys something', check: () => this.#helmTest() },
      repairs,
      rollback,
      { title: 'An image that does not exist is taken back', check: () => this.#rollsBack('missing') },
      upgrade,
      { title: 'A rollback under 50 requests a second fails none', check: () => this.#rollsBackUnderLoad() },
      { title: 'The leader is killed in the middle of an upgrade', check: () => this.#losesLeader() },
      { title: 'A settled Shop costs next to nothing', check: () => this.#idles() },
      { title: 'Paused means hands off', check: () => this.#pauses() },
      { title: 'A second Shop in the same namespace', check: () => this.#second() },
      end,
    ];
  }

  async #shop(name = 'dev'): Promise<KubeObject> {
    return this.#shops.get('shop', name);
  }

  async #waitForShop(what: string, check: (shop: KubeObject) => boolean, timeoutMs: number): Promise<KubeObject> {
    return waitFor(
      async () => {
        const shop = await this.#shop();
        return check(shop) ? shop : undefined;
      },
      { timeoutMs, everyMs: 500, what },
    );
  }

  #isSettled(shop: KubeObject): boolean {
    const { generation } = shop.metadata;
    return conditionOf(shop, 'Ready')?.status === 'True' && at(shop, 'status.observedGeneration') === generation;
  }

  async #install(): Promise<string> {
    await this.#options.loadImages();
    const startedAt = performance.now();
    const args = ['install', RELEASE, `${ROOT}charts/shop-operator`, '-n', OPERATOR, '--create-namespace'];
    await this.#helm.run([...args, '--set', 'clusterWide=true']);
    await this.#operator.kubectl(['create', 'namespace', SHOPS]);
    const level = 'pod-security.kubernetes.io/enforce=restricted';
    await this.#operator.kubectl(['label', 'namespace', SHOPS, OPERATOR, level]);
    // The load of the tests comes from one address and one user.
    const unlimited = ['api-gateway', 'user-service']
      .map((name) => `services.${name}.env.RATE_LIMIT_ENABLED=false`)
      .join();
    const values = ['--set', 'demoData=true', '--set-string', unlimited];
    await this.#helm.run(['install', 'dev', `${ROOT}charts/shop`, '-n', SHOPS, ...values]);
    await this.#shops.kubectl(['wait', 'shop/dev', '--for=condition=Ready', '--timeout=300s'], { timeoutMs: 310_000 });
    return `Ready after ${secondsSince(startedAt)}`;
  }

  async #helmTest(): Promise<undefined> {
    await this.#helm.run(['test', 'dev', '-n', SHOPS, '--timeout', '120s']);
    return undefined;
  }

  async #repairs(): Promise<string> {
    const waits: number[] = [];
    for (const [kind, name] of [
      ['deployment', 'order-service'],
      ['service', 'product-service'],
      ['configmap', 'user-service'],
      ['networkpolicy', 'api-gateway'],
      ['secret', 'souk-internal'],
      ['serviceaccount', 'payment-service'],
      ['poddisruptionbudget', 'user-service'],
    ] as const) {
      const { uid } = (await this.#shops.get(kind, `dev-${name}`)).metadata;
      await this.#shops.kubectl(['delete', kind, `dev-${name}`, '--wait=false']);
      const startedAt = performance.now();
      const isBack = async () => (await this.#shops.get(kind, `dev-${name}`)).metadata.uid !== uid;
      await waitFor(async () => isBack().catch(() => false), {
        timeoutMs: 10_000,
        everyMs: 100,
        what: `${kind} ${name}`,
      });
      waits.push(performance.now() - startedAt);
    }
    await this.#shops.kubectl(['scale', 'deployment/dev-payment-service', '--replicas=3']);
    const startedAt = performance.now();
    const isScaledBack = async () =>
      at(await this.#shops.get('deployment', 'dev-payment-service'), 'spec.replicas') === 1;
    await waitFor(isScaledBack, { timeoutMs: 10_000, everyMs: 100, what: 'One replica' });
    waits.push(performance.now() - startedAt);
    await this.#waitForShop('A settled Shop', (shop) => this.#isSettled(shop), 120_000);
    return `${waits.length} repairs, the slowest after ${(Math.max(...waits) / SECONDS).toFixed(1)} s`;
  }

  async #setImages(images: Record<string, string | null>): Promise<void> {
    const services = Object.fromEntries(
      Object.entries(images).map(([name, image]) => [name, image === null ? null : { image }]),
    );
    await this.#shops.patch('shop', 'dev', { spec: { services } });
  }

  async #rollsBack(tag: 'crash' | 'missing'): Promise<string> {
    const startedAt = performance.now();
    await this.#setImages({ 'product-service': `souk/product-service:${tag}` });
    const shop = await this.#waitForShop('The rollback', (one) => phaseOf(one) === 'Degraded', 180_000);
    const took = secondsSince(startedAt);
    const live = await this.#shops.get('deployment', 'dev-product-service');
    const image = imageOf(live);
    expectThat(image === 'souk/product-service:0.1.0', `product-service runs ${String(image)}`);
    const degraded = conditionOf(shop, 'Degraded');
    const reason = tag === 'crash' ? 'ContainerCrashed' : 'ImagePullFailed';
    expectThat(degraded?.reason === reason, `${degraded?.reason}: ${degraded?.message}`);
    await this.#setImages({ 'product-service': null });
    await this.#waitForShop('A settled Shop', (one) => this.#isSettled(one), 60_000);
    return `${took}; ${degraded?.message}`;
  }

  #expectNoFailure({ failed, msP50, msP99, orders, samples, seconds, sent }: LoadResult): string {
    expectThat(failed === 0, `${failed} of ${sent} requests failed:\n${samples.join('\n')}`);
    return `${sent} requests in ${seconds} s, 0 failed, p50 ${msP50} ms, p99 ${msP99} ms, ${orders} orders`;
  }

  async #upgradesUnderLoad(): Promise<string> {
    const names = [
      'user-service',
      'product-service',
      'order-service',
      'payment-service',
      'notification-service',
      'api-gateway',
    ];
    const upgradeTo = async (version: string) => {
      await this.#setImages(Object.fromEntries(names.map((name) => [name, `souk/${name}:${version}`])));
      await sleep(2 * SECONDS);
      await this.#waitForShop('The upgrade', (shop) => this.#isSettled(shop), 300_000);
    };
    const result = await unlessStarved(50, async (requestsPerSecond, attempt) => {
      if (attempt > 1) await upgradeTo('0.1.0');
      const of = { shop: 'dev', image: 'souk/api-gateway:0.1.0', requestsPerSecond };
      return underLoad(this.#shops, of, () => upgradeTo('next'));
    });
    return this.#expectNoFailure(result);
  }

  async #rollsBackUnderLoad(): Promise<string> {
    const result = await underLoad(this.#shops, { shop: 'dev', image: 'souk/api-gateway:0.1.0' }, async () => {
      // The last wave fails: all the others have to go back.
      await this.#setImages({ 'user-service': 'souk/user-service:0.1.0', 'api-gateway': 'souk/api-gateway:crash' });
      await this.#waitForShop('The rollback', (one) => phaseOf(one) === 'Degraded', 240_000);
    });
    const live = await this.#shops.get('deployment', 'dev-user-service');
    const image = imageOf(live);
    expectThat(image === 'souk/user-service:next', `user-service runs ${String(image)}`);
    await this.#setImages({ 'user-service': 'souk/user-service:next', 'api-gateway': 'souk/api-gateway:next' });
    await this.#waitForShop('A settled Shop', (shop) => this.#isSettled(shop), 120_000);
    return this.#expectNoFailure(result);
  }

  async #leader(): Promise<string> {
    return String(at(await this.#operator.get('lease', 'shop-operator'), 'spec.holderIdentity'));
  }

  async #losesLeader(): Promise<string> {
    const leader = await this.#leader();
    await this.#setImages({ 'user-service': 'souk/user-service:0.1.0', 'order-service': 'souk/order-service:0.1.0' });
    await this.#waitForShop('The upgrade', (one) => phaseOf(one) === 'Upgrading', 30_000);
    await this.#operator.kubectl(['delete', 'pod', leader, '--grace-period=0', '--force']);
    const startedAt = performance.now();
    await this.#waitForShop('The end of the upgrade', (shop) => this.#isSettled(shop), 240_000);
    const next = await this.#leader();
    expectThat(next !== leader, `${leader} still leads`);
    return `settled ${secondsSince(startedAt)} after the kill`;
  }

  async #idles(): Promise<string> {
    const leader = await this.#leader();
    const versions = async () => {
      const objects = await this.#shops.list(
        'deployments,statefulsets,services,configmaps,secrets,shops,networkpolicies',
      );
      return objects.map(({ kind, metadata }) => `${kind}/${metadata.name} ${metadata.resourceVersion}`).join('\n');
    };
    const figure = async (name: string) => {
      const path = `/api/v1/namespaces/${OPERATOR}/pods/${leader}:8080/proxy/metrics`;
      const text = await this.#operator.kubectl(['get', '--raw', path]);
      return Number(new RegExp(`^${name}\\{[^}]*\\} (\\S+)`, 'm').exec(text)?.[1] ?? 'NaN');
    };
    // What the controllers of the cluster still write about the last rollout is not ours.
    await sleep(20 * SECONDS);
    const [before, cpu] = [await versions(), await figure('process_cpu_seconds_total')];
    const seconds = 40;
    await sleep(seconds * SECONDS);
    const used = ((await figure('process_cpu_seconds_total')) - cpu) / seconds;
    const after = await versions();
    const mebibytes = (await figure('process_resident_memory_bytes')) / 1024 ** 2;
    const written = after.split('\n').filter((line) => !before.includes(line));
    expectThat(written.length === 0, `written: ${written.join(', ')}`);
    return `no object written in ${seconds} s, ${(used * 100).toFixed(2)} % of a core, ${mebibytes.toFixed(0)} MiB`;
  }

  async #pauses(): Promise<undefined> {
    await this.#shops.patch('shop', 'dev', { spec: { paused: true } });
    await this.#waitForShop('The pause', (one) => phaseOf(one) === 'Paused', 20_000);
    await this.#shops.kubectl(['delete', 'networkpolicy', 'dev-mailpit']);
    await sleep(8 * SECONDS);
    const policies = await this.#shops.list('networkpolicies');
    expectThat(!policies.some(({ metadata }) => metadata.name === 'dev-mailpit'), 'it came back during the pause');
    await this.#shops.patch('shop', 'dev', { spec: { paused: false } });
    const isBack = async () =>
      (await this.#shops.list('networkpolicies')).some(({ metadata }) => metadata.name === 'dev-mailpit');
    await waitFor(isBack, { timeoutMs: 10_000, everyMs: 200, what: 'The repair' });
    return undefined;
  }

  async #second(): Promise<string> {
    const before = (await this.#shops.list('deployments,statefulsets')).map(({ metadata }) => metadata.uid);
    const startedAt = performance.now();
    await this.#helm.run(['install', 'two', `${ROOT}charts/shop`, '-n', SHOPS, '--set', 'demoData=true']);
    await this.#shops.kubectl(['wait', 'shop/two', '--for=condition=Ready', '--timeout=300s'], { timeoutMs: 310_000 });
    const took = secondsSince(startedAt);
    await this.#helm.run(['uninstall', 'two', '-n', SHOPS]);
    const areGone = async () => (await this.#shops.list('deployments', 'app.kubernetes.io/instance=two')).length === 0;
    await waitFor(areGone, { timeoutMs: 60_000, everyMs: 500, what: 'The end of the second Shop' });
    const after = new Set((await this.#shops.list('deployments,statefulsets')).map(({ metadata }) => metadata.uid));
    expectThat(
      before.every((uid) => after.has(uid)),
      'an object of the first Shop is gone',
    );
    return `Ready after ${took}`;
  }

  async #isDeleted(): Promise<string> {
    await this.#shops.kubectl(['delete', 'shop', 'dev', '--timeout=60s']);
    const isGone = async () => (await this.#shops.list('pods', 'app.kubernetes.io/instance=dev')).length === 0;
    await waitFor(isGone, { timeoutMs: 120_000, everyMs: 1_000, what: 'The end of the pods' });
    const selector = 'app.kubernetes.io/instance=dev';
    const volumes = await this.#shops.list('persistentvolumeclaims', selector);
    const secrets = await this.#shops.list('secrets', selector);
    expectThat(
      volumes.length === 5 && secrets.length === 12,
      `${volumes.length} volumes and ${secrets.length} Secrets are left`,
    );
    return `${volumes.length} volumes and ${secrets.length} Secrets are left`;
  }

  async tellState(): Promise<void> {
    for (const args of [
      ['get', 'shops', '-o', 'wide'],
      ['get', 'pods'],
      ['get', 'events', '--sort-by', '.lastTimestamp', '--field-selector', 'type=Warning'],
    ])
      console.log((await this.#shops.kubectl(args).catch(String)).split('\n').slice(-25).join('\n'));
    console.log(
      await this.#operator.kubectl(['logs', '-l', 'app.kubernetes.io/name=shop-operator', '--tail=15']).catch(String),
    );
  }

  async remove(): Promise<void> {
    await this.#shops.kubectl(['delete', 'shops', '--all', '--timeout=60s']).catch(() => undefined);
    await this.#helm.run(['uninstall', RELEASE, '-n', OPERATOR]).catch(() => undefined);
    const args = ['delete', 'namespace', SHOPS, OPERATOR, '--ignore-not-found', '--timeout=180s'];
    await this.#operator.kubectl(args, { timeoutMs: 190_000 });
    await this.#operator.kubectl(['delete', 'crd', 'shops.souk.dev', '--ignore-not-found']);
  }
}
