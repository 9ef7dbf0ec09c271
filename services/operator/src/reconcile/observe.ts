import { externalSecrets, prefixOf } from '../desired/names.ts';
import { KEY_SECRET } from '../desired/secrets.ts';
import { isStatus, type KubernetesClient } from '../kubernetes/client.ts';
import { PODS, pathOf, SECRETS } from '../kubernetes/resources.ts';
import { keyOf, type LiveObject, type Observed, type PodFact, podFactOf } from '../plan/observed.ts';
import { REVISION_ANNOTATION, type Shop } from '../shop/shop.ts';
import { shopSpecSchema } from '../shop/shop-spec.ts';
import type { Caches } from './caches.ts';

const HTTP_ROUTE = 'HTTPRoute';
const LOG_LINE_LENGTH_MAX = 300;

/** Gathers what a plan may know: the watched objects, Secrets made outside, the last words of pods that crash. */
export async function observe(shop: Shop, caches: Caches, client: KubernetesClient): Promise<Observed> {
  const { name, namespace } = shop.metadata;
  const objects = caches.objectsOf(namespace, name);
  const key = objects.find(
    ({ kind, metadata }) => kind === 'Secret' && metadata.name === `${prefixOf(name)}${KEY_SECRET}`,
  );
  const facts = objects.filter(({ kind }) => kind === 'Pod').map((pod) => podFactOf(pod, REVISION_ANNOTATION));
  return {
    objects: new Map(objects.map((object) => [keyOf(object), object])),
    key: keyValueOf(key),
    hasGatewayApi: await hasGatewayApi(shop, caches),
    externalSecrets: await readExternalSecrets(shop, client),
    pods: await Promise.all(facts.map((fact) => withLastWords(fact, { namespace, client, objects }))),
  };
}

/** Looked up again by a Shop that wants it: it may have been installed after the operator has started. */
async function hasGatewayApi({ spec }: Shop, caches: Caches): Promise<boolean> {
  if (!caches.serves(HTTP_ROUTE) && spec.exposure?.type === 'Gateway') await caches.discover();
  return caches.serves(HTTP_ROUTE);
}

function keyValueOf(secret: LiveObject | undefined): string | undefined {
  const encoded = (secret?.data as Record<string, string> | undefined)?.key;
  return encoded === undefined ? undefined : Buffer.from(encoded, 'base64').toString();
}

async function readExternalSecrets({ metadata, spec }: Shop, client: KubernetesClient) {
  const parsed = shopSpecSchema.safeParse(spec);
  const found: Record<string, string[]> = {};
  if (!parsed.success) return found;
  for (const name of Object.keys(externalSecrets(parsed.data))) {
    try {
      const secret = await client.get(SECRETS, { namespace: metadata.namespace, name });
      found[name] = Object.keys((secret.data as object | undefined) ?? {});
    } catch (error) {
      if (!isStatus(error, 404)) throw error;
    }
  }
  return found;
}

interface From {
  namespace: string;
  client: KubernetesClient;
  objects: readonly LiveObject[];
}

async function withLastWords(fact: PodFact, { client, namespace, objects }: From): Promise<PodFact> {
  const hasFailedJob = fact.job !== '' && objects.some((object) => isFailedJob(object, fact.job));
  if (fact.trouble?.reason !== 'ContainerCrashed' && !hasFailedJob) return fact;
  const path = pathOf(PODS, { namespace, name: fact.name, sub: 'log' });
  const previous = hasFailedJob ? undefined : 'true';
  try {
    const text = await client.call({ method: 'GET', path, query: { tailLines: '5', previous } });
    const line = text.trim().split('\n').at(-1)?.slice(0, LOG_LINE_LENGTH_MAX);
    return line ? { ...fact, logLine: line } : fact;
  } catch {
    // The pod or its log is gone: the rest of what is known has to do.
    return fact;
  }
}

function isFailedJob({ kind, metadata, status }: LiveObject, job: string): boolean {
  const conditions = (status?.conditions ?? []) as { type: string; status: string }[];
  return (
    kind === 'Job' &&
    metadata.name === job &&
    conditions.some((condition) => condition.type === 'Failed' && condition.status === 'True')
  );
}
