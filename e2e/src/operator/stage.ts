import { setTimeout as sleep } from 'node:timers/promises';
import { SERVICE_NAMES } from '@souk/cdk8s';
import { waitFor } from '@souk/testing';
import { expectThat } from '../deployed/checklist.ts';
import { run } from '../deployed/program.ts';
import type { Helm } from './helm.ts';
import { at, conditionOf, createKube, type Kube, type KubeObject, type ShopCondition } from './kube.ts';

export const SHOPS = 'souk-shops';
export const OPERATOR = 'souk-operator';
export const OUTSIDE = 'souk-outside';
export const RELEASE = 'shop-operator';
export const SECONDS = 1_000;

/** The version that the images are built as, the next one, and one whose gateway cannot start. */
export const VERSIONS = { first: '0.1.0', next: '0.2.0', broken: '0.3.0' } as const;

export const secondsSince = (startedAt: number) => `${((performance.now() - startedAt) / SECONDS).toFixed(1)} s`;

/** A figure of the table that the run ends with. */
export type Figures = Map<string, string>;

/** One cluster, its operator and its Shops, as the points of the list see them. */
export class Stage {
  readonly shops: Kube = createKube({ namespace: SHOPS });
  readonly operator: Kube = createKube({ namespace: OPERATOR });
  readonly figures: Figures = new Map();
  readonly helm: Helm;
  /** Helm 3 where there is one, else the same Helm. */
  readonly otherHelm: Helm;

  constructor(helm: Helm, otherHelm: Helm = helm) {
    this.helm = helm;
    this.otherHelm = otherHelm;
  }

  shop(name = 'dev'): Promise<KubeObject> {
    return this.shops.get('shop', name);
  }

  async waitForShop(
    what: string,
    check: (shop: KubeObject) => boolean,
    { name = 'dev', seconds }: { name?: string; seconds: number },
  ): Promise<KubeObject> {
    return this.until(
      what,
      async () => {
        const shop = await this.shop(name);
        return check(shop) ? shop : undefined;
      },
      seconds,
    );
  }

  /** The Shop is as its spec says and has proven itself; answers how long that took. */
  async settles(seconds: number, name = 'dev'): Promise<string> {
    const startedAt = performance.now();
    const isSettled = (shop: KubeObject) =>
      conditionOf(shop, 'Ready')?.status === 'True' &&
      at(shop, 'status.observedGeneration') === shop.metadata.generation;
    await this.waitForShop(`A settled Shop ${name}`, isSettled, { name, seconds });
    return secondsSince(startedAt);
  }

  /** Waits for a condition to have a reason that belongs to the spec of now. */
  async reason(type: string, reason: string, of: { name?: string; seconds: number }): Promise<ShopCondition> {
    const holds = (shop: KubeObject) =>
      conditionOf(shop, type)?.reason === reason && at(shop, 'status.observedGeneration') === shop.metadata.generation;
    const found = conditionOf(await this.waitForShop(`${type} because of ${reason}`, holds, of), type);
    expectThat(found !== undefined, `there is no condition ${type}`);
    return found;
  }

  async until<T>(what: string, check: () => Promise<T | undefined>, seconds: number): Promise<T> {
    return waitFor(async () => check().catch(() => undefined), {
      timeoutMs: seconds * SECONDS,
      everyMs: 250,
      what,
    }) as Promise<T>;
  }

  async patch(spec: object, name = 'dev'): Promise<void> {
    await this.shops.patch('shop', name, { spec });
  }

  async setImages(images: Record<string, string | null>): Promise<void> {
    const services = Object.fromEntries(Object.entries(images).map(([name, image]) => [name, { image }]));
    await this.patch({ services });
  }

  /** Gives every service other variables, so that all their pods are replaced. */
  async rollAll(mark: string | null): Promise<void> {
    const services = Object.fromEntries(SERVICE_NAMES.map((name) => [name, { env: { ROLLED: mark } }]));
    await this.patch({ services });
  }

  async exists(kind: string, name: string): Promise<boolean> {
    return (await this.shops.list(kind)).some(({ metadata }) => metadata.name === name);
  }

  async leader(): Promise<string> {
    return String(at(await this.operator.get('lease', 'shop-operator'), 'spec.holderIdentity'));
  }

  /** One figure of the leader's /metrics. */
  async figure(pod: string, name: string): Promise<number> {
    const path = `/api/v1/namespaces/${OPERATOR}/pods/${pod}:8080/proxy/metrics`;
    const text = await this.operator.kubectl(['get', '--raw', path]);
    return Number(new RegExp(`^${name}\\{[^}]*\\} (\\S+)`, 'm').exec(text)?.[1] ?? 'NaN');
  }

  /** Nothing happens to `look` for a while: the one thing that no event tells. */
  async stays<T>(look: () => Promise<T>, seconds: number): Promise<boolean> {
    const before = JSON.stringify(await look());
    await sleep(seconds * SECONDS);
    return JSON.stringify(await look()) === before;
  }

  /** Resets the connections of a pod with the API server of this machine; answers how many, 0 where that is not possible. */
  async cut(address: string): Promise<number> {
    const args = ['-K', '-H', '-t', 'state', 'established', 'dst', address, 'sport', '=', ':6443'];
    const killed = await run('ss', args).catch(() => '');
    return killed.split('\n').filter((line) => line.includes(address)).length;
  }

  async tellState(): Promise<void> {
    for (const args of [
      ['get', 'shops', '-o', 'wide'],
      ['get', 'pods'],
      ['get', 'events', '--sort-by', '.lastTimestamp', '--field-selector', 'type=Warning'],
    ])
      console.log((await this.shops.kubectl(args).catch(String)).split('\n').slice(-25).join('\n'));
    const logs = ['logs', '-l', 'app.kubernetes.io/name=shop-operator', '--tail=15'];
    console.log(await this.operator.kubectl(logs).catch(String));
  }

  async remove(): Promise<void> {
    await this.shops.kubectl(['delete', 'shops', '--all', '--timeout=90s']).catch(() => undefined);
    await this.helm.run(['uninstall', RELEASE, '-n', OPERATOR]).catch(() => undefined);
    const args = ['delete', 'namespace', SHOPS, OPERATOR, OUTSIDE, '--ignore-not-found', '--timeout=180s'];
    await this.operator.kubectl(args, { timeoutMs: 190_000 });
    await this.operator.kubectl(['delete', 'crd', 'shops.souk.dev', '--ignore-not-found']);
  }
}
