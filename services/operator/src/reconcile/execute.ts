import { randomBytes } from 'node:crypto';
import { isDeepStrictEqual } from 'node:util';
import type { Manifest } from '@souk/cdk8s';
import type { Logger } from '@souk/service-runtime';
import { isStatus, type KubernetesClient } from '../kubernetes/client.ts';
import { resourceOf } from '../kubernetes/resources.ts';
import { keyOf, type LiveObject, type Observed } from '../plan/observed.ts';
import type { Apply, Plan } from '../plan/plan.ts';
import { FIELD_MANAGER, FINALIZER, SCALE_MANAGER, type Shop } from '../shop/shop.ts';
import type { ShopStatus } from '../shop/shop-status.ts';
import type { Caches } from './caches.ts';

export interface Executor {
  client: KubernetesClient;
  caches: Caches;
  logger: Logger;
}

const KEY_BYTES = 32;
const MESSAGE_LENGTH_MAX = 1_000;

/**
 * Carries a plan out: the finalizer before anything that it protects, then objects in order, then the status. Breaking off
 * anywhere is fine: the next pass sees what was done.
 */
export async function execute(shop: Shop, to: { plan: Plan; observed: Observed }, executor: Executor): Promise<void> {
  const { plan } = to;
  const { caches, client } = executor;
  let current = shop as unknown as LiveObject;
  if (plan.finalizer === 'add')
    current = await setFinalizers(current, [...(shop.metadata.finalizers ?? []), FINALIZER], executor);
  let refused: unknown;
  try {
    await change(shop, to, executor);
  } catch (error) {
    // The status says it to whoever can change it; the throw makes it wait and try again.
    refused = error;
    if (isStatus(error, 400, 403, 404, 422)) plan.status.conditions = withRefusal(plan.status.conditions, error);
    else throw error;
  }
  if (!isDeepStrictEqual(plan.status, shop.status ?? {})) {
    const written = await client.replaceStatus({ ...current, status: plan.status }).catch(ignore(404));
    if (written) caches.remember(written);
  }
  if (refused !== undefined) throw refused;
  if (plan.finalizer === 'remove') {
    const rest = (shop.metadata.finalizers ?? []).filter((name) => name !== FINALIZER);
    const { metadata, ...other } = current;
    const { resourceVersion: _stale, ...kept } = metadata;
    await setFinalizers({ ...other, metadata: kept }, rest, executor).catch(ignore(404));
  }
}

async function change(
  shop: Shop,
  { observed, plan }: { plan: Plan; observed: Observed },
  executor: Executor,
): Promise<void> {
  const { caches, client, logger } = executor;
  for (const { kind, apiVersion, name } of plan.delete) {
    const uid = observed.objects.get(keyOf({ kind, metadata: { name } }))?.metadata.uid;
    const place = { namespace: shop.metadata.namespace, name, uid };
    await client.delete(resourceOf({ apiVersion, kind }), place).catch(ignore(404, 409));
    logger.info({ shop: shop.metadata.name, kind, name }, `Deleted ${kind}`);
  }
  for (const one of plan.apply) {
    const live = await applyOne(one, client);
    if (live) caches.remember(live);
    const { kind, metadata } = one.manifest;
    logger.info({ shop: shop.metadata.name, kind, name: metadata.name }, `${live ? 'Applied' : 'Found'} ${kind}`);
  }
}

/** What the API server says against an object, as the reason why the Shop is not ready. */
function withRefusal(conditions: ShopStatus['conditions'], error: unknown): ShopStatus['conditions'] {
  const message = error instanceof Error ? error.message.slice(0, MESSAGE_LENGTH_MAX) : String(error);
  return conditions?.map((condition) =>
    condition.type === 'Ready' ? { ...condition, status: 'False', reason: 'ApplyFailed', message } : condition,
  );
}

function ignore(...statuses: number[]) {
  return (error: unknown): undefined => {
    if (!isStatus(error, ...statuses)) throw error;
  };
}

async function applyOne(
  { generate = [], how, manifest }: Apply,
  client: KubernetesClient,
): Promise<LiveObject | undefined> {
  if (how === 'scale') return await client.apply(manifest, SCALE_MANAGER);
  if (how === 'apply') return await client.apply(manifest, FIELD_MANAGER);
  const generated = Object.fromEntries(generate.map((key) => [key, randomBytes(KEY_BYTES).toString('base64url')]));
  const stringData = { ...(manifest.stringData as Record<string, string> | undefined), ...generated };
  const filled: Manifest = generate.length > 0 ? { ...manifest, stringData } : manifest;
  return await client.create(filled).catch(ignore(409));
}

async function setFinalizers(
  shop: LiveObject,
  finalizers: string[],
  { caches, client }: Executor,
): Promise<LiveObject> {
  const { name, namespace = '', resourceVersion } = shop.metadata;
  const { apiVersion, kind } = shop;
  const metadata = resourceVersion === undefined ? { finalizers } : { finalizers, resourceVersion };
  const written = await client.mergePatch({ apiVersion, kind, metadata: { name, namespace } }, { metadata });
  caches.remember(written);
  return written;
}
