import type { Logger } from '@souk/service-runtime';
import { isStatus, type KubernetesClient } from '../kubernetes/client.ts';
import { createInformer, type Informer } from '../kubernetes/informer.ts';
import { MANAGED, pathOf, type Resource, SHOPS } from '../kubernetes/resources.ts';
import type { LiveObject } from '../plan/observed.ts';
import { MANAGED_BY } from '../shop/shop.ts';

const INSTANCE = 'app.kubernetes.io/instance';

export interface CachesOptions {
  client: KubernetesClient;
  /** Undefined watches all namespaces. */
  namespaces: readonly (string | undefined)[];
  logger: Logger;
  onRestart: (kind: string, why: string) => void;
  /** `<namespace>/<name>` of a Shop that is concerned by a change. */
  onShop: (key: string) => void;
}

/** What the operator knows of the cluster. */
export interface Caches {
  shop(key: string): LiveObject | undefined;
  shops(): string[];
  /** Every managed object of a Shop. */
  objectsOf(namespace: string, shop: string): LiveObject[];
  remember(object: LiveObject): void;
  /** Whether an optional kind is there and watched. */
  serves(kind: string): boolean;
  /** Looks for optional kinds that were not there before. */
  discover(): Promise<void>;
  isSynced(): boolean;
  /** The longest time since a watch was heard of. */
  silenceMs(): number;
  stop(): void;
}

/** Opens the watches; waits until the optional kinds are looked up. */
export async function startCaches(options: CachesOptions): Promise<Caches> {
  const informers = new Set<Informer>();
  const isOpen = (resource: Resource) => [...informers].some((informer) => informer.resource === resource);
  const open = (resource: Resource) => {
    for (const namespace of options.namespaces) {
      const onGone = () => informers.delete(informer);
      const informer: Informer = createInformer({
        ...informerOptions(options, resource, namespace),
        ...(resource.isOptional ? { onGone } : {}),
      });
      informers.add(informer);
      informer.start();
    }
  };
  const discover = async () => {
    for (const resource of MANAGED)
      if (resource.isOptional && !isOpen(resource) && (await isServed(options.client, resource))) open(resource);
  };
  for (const resource of [SHOPS, ...MANAGED]) if (!resource.isOptional) open(resource);
  await discover();
  const of = (isWanted: (resource: Resource) => boolean) => [...informers].filter(({ resource }) => isWanted(resource));
  const ofShops = () => of((resource) => resource === SHOPS);
  return {
    shop: (key) => {
      const [namespace = '', name = ''] = key.split('/');
      return ofShops()
        .map((informer) => informer.get(name, namespace))
        .find(Boolean);
    },
    shops: () => ofShops().flatMap((informer) => [...informer.list()].map(keyOfObject)),
    objectsOf: (namespace, shop) =>
      of((resource) => resource !== SHOPS).flatMap((informer) =>
        [...informer.list()].filter(
          ({ metadata }) => metadata.namespace === namespace && metadata.labels?.[INSTANCE] === shop,
        ),
      ),
    remember: (object) => informerOf([...informers], object)?.remember(object),
    serves(kind) {
      const found = of((resource) => resource.kind === kind);
      return found.length > 0 && found.every((informer) => informer.isSynced());
    },
    discover,
    // A kind that is found later does not hold up what has nothing to do with it.
    isSynced: () => of(({ isOptional }) => !isOptional).every((informer) => informer.isSynced()),
    silenceMs: () => Math.max(...[...informers].map((informer) => Date.now() - informer.lastHeardMs())),
    stop: () => {
      for (const informer of informers) informer.stop();
    },
  };
}

function informerOf(informers: readonly Informer[], { apiVersion, kind, metadata }: LiveObject): Informer | undefined {
  return informers.find(
    ({ namespace, resource }) =>
      resource.apiVersion === apiVersion &&
      resource.kind === kind &&
      (namespace === undefined || namespace === metadata.namespace),
  );
}

const keyOfObject = ({ metadata }: LiveObject) => `${metadata.namespace}/${metadata.name}`;

function informerOptions(options: CachesOptions, resource: Resource, namespace: string | undefined) {
  const { client, logger, onRestart, onShop } = options;
  const isShop = resource === SHOPS;
  return {
    client,
    logger,
    resource,
    namespace,
    ...(isShop ? {} : { labelSelector: `app.kubernetes.io/managed-by=${MANAGED_BY}` }),
    keep: isShop ? withoutManagedFields : kept,
    onRestart: (why: string) => onRestart(resource.kind, why),
    onChange: (object: LiveObject) => {
      const shop = object.metadata.labels?.[INSTANCE];
      if (isShop) onShop(keyOfObject(object));
      else if (shop) onShop(`${object.metadata.namespace}/${shop}`);
    },
  };
}

async function isServed(client: KubernetesClient, resource: Resource): Promise<boolean> {
  const path = pathOf({ ...resource, plural: '' }, {}).replace(/\/$/, '');
  try {
    return (await client.call({ method: 'GET', path })).includes(`"${resource.plural}"`);
  } catch (error) {
    if (isStatus(error, 403, 404)) return false;
    throw error;
  }
}

function withoutManagedFields({ metadata, ...rest }: LiveObject): LiveObject {
  const { managedFields: _fields, ...kept } = metadata as LiveObject['metadata'] & { managedFields?: unknown };
  return { ...rest, metadata: kept };
}

/** Of Secrets only that they exist and, of the generated key, its value; of pods only what plans read. */
function kept(object: LiveObject): LiveObject {
  const slim = withoutManagedFields(object);
  if (object.kind === 'Secret') {
    const { apiVersion, data, kind, metadata } = slim;
    return metadata.name.endsWith('-key') ? { apiVersion, kind, metadata, data } : { apiVersion, kind, metadata };
  }
  if (object.kind === 'Pod') {
    const { apiVersion, kind, metadata, status } = slim;
    return { apiVersion, kind, metadata, status: { containerStatuses: status?.containerStatuses } };
  }
  return slim;
}
