import { run } from '../deployed/program.ts';

export interface KubeObject {
  kind: string;
  metadata: {
    name: string;
    uid: string;
    generation?: number;
    resourceVersion: string;
    labels?: Record<string, string>;
    deletionTimestamp?: string;
    finalizers?: string[];
  };
  spec?: Readonly<Record<string, unknown>>;
  status?: Readonly<Record<string, unknown>>;
}

/** A field somewhere inside of an object, by its path: `spec.template.spec.containers.0.image`. */
export function at(value: unknown, path: string): unknown {
  return path
    .split('.')
    .reduce<unknown>(
      (inner, key) =>
        typeof inner === 'object' && inner !== null ? (inner as Record<string, unknown>)[key] : undefined,
      value,
    );
}

/** The image of the first container of a workload. */
export const imageOf = (workload: KubeObject) => at(workload, 'spec.template.spec.containers.0.image');

export const phaseOf = (shop: KubeObject) => shop.status?.phase;

/** kubectl for one cluster and namespace. */
export interface Kube {
  kubectl(args: readonly string[], options?: { input?: string; timeoutMs?: number }): Promise<string>;
  list(kinds: string, selector?: string): Promise<KubeObject[]>;
  get(kind: string, name: string): Promise<KubeObject>;
  /** A JSON merge patch. */
  patch(kind: string, name: string, patch: unknown): Promise<void>;
  apply(manifest: unknown): Promise<void>;
}

export function createKube(options: { kubeconfig?: string | undefined; namespace: string }): Kube {
  const env: Record<string, string> = options.kubeconfig === undefined ? {} : { KUBECONFIG: options.kubeconfig };
  const kubectl: Kube['kubectl'] = (args, more = {}) =>
    run('kubectl', ['--namespace', options.namespace, ...args], { ...more, env });
  return {
    kubectl,
    async list(kinds, selector) {
      const text = await kubectl(['get', kinds, '-o', 'json', ...(selector ? ['-l', selector] : [])]);
      return (JSON.parse(text) as { items: KubeObject[] }).items;
    },
    get: async (kind, name) => JSON.parse(await kubectl(['get', kind, name, '-o', 'json'])) as KubeObject,
    async patch(kind, name, patch) {
      await kubectl(['patch', kind, name, '--type=merge', '-p', JSON.stringify(patch)]);
    },
    async apply(manifest) {
      await kubectl(['apply', '-f', '-'], { input: JSON.stringify(manifest) });
    },
  };
}

export interface ShopCondition {
  type: string;
  status: string;
  reason: string;
  message: string;
}

export function conditionOf(shop: KubeObject, type: string): ShopCondition | undefined {
  return (shop.status?.conditions as ShopCondition[] | undefined)?.find((condition) => condition.type === type);
}
