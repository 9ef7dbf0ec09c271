import type { Manifest } from '@souk/cdk8s';
import { keyOf, type LiveObject, type Observed, type PodFact } from '../src/plan/observed.ts';
import type { Apply, Plan } from '../src/plan/plan.ts';
import { API_VERSION, REVISION_ANNOTATION, type Shop } from '../src/shop/shop.ts';
import type { ShopSpecInput } from '../src/shop/shop-spec.ts';

type Plain = Record<string, unknown>;
const isPlain = (value: unknown): value is Plain =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

function merge(live: unknown, wanted: unknown): unknown {
  if (!isPlain(live) || !isPlain(wanted)) return structuredClone(wanted);
  const keys = new Set([...Object.keys(live), ...Object.keys(wanted)]);
  return Object.fromEntries([...keys].map((key) => [key, key in wanted ? merge(live[key], wanted[key]) : live[key]]));
}

/** The API server keeps no order of keys. */
function reordered(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(reordered);
  if (!isPlain(value)) return value;
  const entries = Object.entries(value).sort(([a], [b]) => (a < b ? 1 : -1));
  return Object.fromEntries(entries.map(([key, inner]) => [key, reordered(inner)]));
}

export function aShop(spec: Partial<ShopSpecInput> = {}, name = 'dev'): Shop {
  return {
    apiVersion: API_VERSION,
    kind: 'Shop',
    metadata: { name, namespace: 'shops', uid: `uid-${name}`, generation: 1 },
    spec: { version: '0.1.0', ...spec },
  };
}

interface Template {
  metadata: { annotations?: Record<string, string>; labels: Record<string, string> };
  spec: { containers: { image: string }[] };
}

/** As much of a cluster as a plan sees: objects, and controllers that take one step at a time. */
export class ModelCluster {
  shop: Shop;
  readonly objects = new Map<string, LiveObject>();
  /** Images whose pods crash. */
  readonly badImages = new Set<string>();
  /** Names of Jobs that fail begin with one of these. */
  readonly failingJobs = new Set<string>();
  key: string | undefined;
  readonly deleted: string[] = [];

  constructor(shop: Shop) {
    this.shop = shop;
  }

  edit(spec: Partial<ShopSpecInput>): void {
    const { metadata } = this.shop;
    this.shop = {
      ...this.shop,
      metadata: { ...metadata, generation: metadata.generation + 1 },
      spec: { ...this.shop.spec, ...spec },
    };
  }

  observe(): Observed {
    return {
      objects: new Map(this.objects),
      key: this.key,
      externalSecrets: {},
      pods: this.#pods(),
      hasGatewayApi: false,
    };
  }

  #pods(): PodFact[] {
    return [...this.objects.values()].flatMap((object) => {
      const template = templateOf(object);
      if (object.kind !== 'Deployment' || !template || !this.#isBad(object)) return [];
      const { annotations = {}, labels } = template.metadata;
      const trouble = { reason: 'ContainerCrashed', message: 'its container ended with exit code 1' } as const;
      const app = labels['app.kubernetes.io/name'] ?? '';
      // It takes a while until a crash is known.
      if (object.status?.observedGeneration !== object.metadata.generation) return [];
      return [
        { name: `${app}-1`, app, job: '', revision: annotations[REVISION_ANNOTATION] ?? '', trouble, logLine: 'no' },
      ];
    });
  }

  #isBad(object: LiveObject): boolean {
    return templateOf(object)?.spec.containers.some(({ image }) => this.badImages.has(image)) ?? false;
  }

  /** Carries out the first `limit` operations of a plan; the status is the last of them. */
  execute(plan: Plan, limit = Number.POSITIVE_INFINITY): void {
    let done = 0;
    const operations: (() => void)[] = [
      ...(plan.finalizer === 'add' ? [() => this.#setFinalizers(['souk.dev/shop'])] : []),
      ...plan.delete.map(({ kind, name }) => () => {
        this.deleted.push(kind);
        this.objects.delete(`${kind}/${name}`);
      }),
      ...plan.apply.map((change) => () => this.apply(change)),
      () => {
        this.shop = { ...this.shop, status: reordered(plan.status) as NonNullable<Shop['status']> };
      },
      ...(plan.finalizer === 'remove' ? [() => this.#setFinalizers([])] : []),
    ];
    for (const operation of operations) {
      if (done >= limit) return;
      operation();
      done += 1;
    }
  }

  #setFinalizers(finalizers: string[]): void {
    this.shop = { ...this.shop, metadata: { ...this.shop.metadata, finalizers } };
  }

  apply({ generate, manifest }: Apply): void {
    const key = keyOf(manifest);
    const before = this.objects.get(key);
    if (generate) this.key = 'a generated key';
    const merged = merge(before ?? {}, manifest) as LiveObject;
    const isChanged = JSON.stringify(before?.spec) !== JSON.stringify(merged.spec);
    const generation = (before?.metadata.generation ?? 0) + (isChanged ? 1 : 0);
    this.objects.set(key, { ...merged, metadata: { ...merged.metadata, generation, uid: key } });
  }

  /** What may happen next: one controller for one object. */
  steps(): (() => void)[] {
    return [...this.objects.values()].flatMap((object) => {
      const next = this.#statusOf(object);
      return next && JSON.stringify(next) !== JSON.stringify(object.status)
        ? [() => void this.objects.set(keyOf(object), { ...object, status: next })]
        : [];
    });
  }

  #statusOf({ kind, metadata, spec, ...object }: LiveObject): Plain | undefined {
    const replicas = Number(spec?.replicas ?? 1);
    const observedGeneration = metadata.generation ?? 1;
    if (kind === 'StatefulSet') return { observedGeneration, readyReplicas: replicas };
    if (kind === 'Job') {
      const fails = [...this.failingJobs].some((name) => metadata.name.startsWith(name));
      return { conditions: [{ type: fails ? 'Failed' : 'Complete', status: 'True', message: 'BackoffLimitExceeded' }] };
    }
    if (kind !== 'Deployment') return undefined;
    const isBad = this.#isBad({ kind, metadata, ...(spec ? { spec } : {}), ...object });
    // Old pods serve on while new ones crash: maxUnavailable is 0.
    if (isBad) return { observedGeneration, replicas: replicas + 1, updatedReplicas: 1, availableReplicas: replicas };
    return { observedGeneration, replicas, updatedReplicas: replicas, availableReplicas: replicas };
  }

  get(kind: string, name: string): LiveObject | undefined {
    return this.objects.get(`${kind}/${name}`);
  }

  imageOf(service: string): string | undefined {
    const live = this.get('Deployment', `${this.shop.metadata.name}-${service}`);
    return live && templateOf(live)?.spec.containers[0]?.image;
  }
}

export function templateOf({ spec }: Pick<LiveObject, 'spec'> | Manifest): Template | undefined {
  return (spec as { template?: Template } | undefined)?.template;
}
