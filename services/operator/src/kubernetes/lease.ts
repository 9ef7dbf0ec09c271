import { setTimeout as pause } from 'node:timers/promises';
import type { Logger } from '@souk/service-runtime';
import type { LiveObject } from '../plan/observed.ts';
import { isStatus, type KubernetesClient } from './client.ts';
import { LEASES } from './resources.ts';

/** client-go's figures: a lease lasts 15 s, its holder gives up after 10 s without a renewal, everybody looks every 2 s. */
const DURATION_MS = 15_000;
const RENEW_DEADLINE_MS = 10_000;
const RETRY_MS = 2_000;

export interface LeaseOptions {
  client: KubernetesClient;
  namespace: string;
  name: string;
  identity: string;
  logger: Logger;
  onAcquired: () => void;
  /** Another may lead from now on: stop at once. */
  onLost: () => void;
}

export interface Lease {
  isLeader(): boolean;
  start(): void;
  /** Gives the lease back, so that another need not wait for its end. */
  stop(): Promise<void>;
}

interface LeaseSpec {
  holderIdentity?: string | null;
  leaseDurationSeconds?: number;
  renewTime?: string | null;
  acquireTime?: string | null;
  leaseTransitions?: number;
}

/**
 * One leader among the replicas. Whether a lease is still alive is judged by when this process last saw it change, never by
 * the other's clock.
 */
export function createLease(options: LeaseOptions): Lease {
  const stopping = new AbortController();
  const view = { leads: false, seenVersion: '', seenAt: 0, renewedAt: 0 };
  let loop: Promise<void> = Promise.resolve();
  return {
    isLeader: () => view.leads,
    start() {
      loop = elect(options, view, stopping.signal);
    },
    async stop() {
      stopping.abort();
      await loop;
      if (view.leads) await release(options).catch(() => undefined);
      view.leads = false;
    },
  };
}

interface View {
  leads: boolean;
  seenVersion: string;
  seenAt: number;
  renewedAt: number;
}

async function elect(options: LeaseOptions, view: View, signal: AbortSignal): Promise<void> {
  while (!signal.aborted) {
    const holds = await tryHold(options, view).catch((error: unknown) => {
      options.logger.debug({ error }, 'Could not reach Lease');
      return undefined;
    });
    const now = Date.now();
    if (holds) view.renewedAt = now;
    if (holds && !view.leads) {
      view.leads = true;
      options.logger.info({ lease: options.name }, 'Became leader');
      options.onAcquired();
    } else if (view.leads && (holds === false || now - view.renewedAt > RENEW_DEADLINE_MS)) {
      view.leads = false;
      options.logger.error({ lease: options.name }, 'Lost leadership');
      options.onLost();
      return;
    }
    await pause(RETRY_MS * (0.9 + Math.random() * 0.2), undefined, { signal }).catch(() => undefined);
  }
}

/** Answers whether this process holds the lease; throws when the API server could not be asked. */
async function tryHold({ client, identity, name, namespace }: LeaseOptions, view: View): Promise<boolean> {
  const found = await client.get(LEASES, { namespace, name }).catch((error: unknown) => {
    if (isStatus(error, 404)) return undefined;
    throw error;
  });
  const now = new Date().toISOString().replace(/Z$/, '000Z');
  const mine = { holderIdentity: identity, leaseDurationSeconds: DURATION_MS / 1000, renewTime: now };
  try {
    if (!found) {
      const spec = { ...mine, acquireTime: now, leaseTransitions: 0 };
      await client.create({ apiVersion: LEASES.apiVersion, kind: 'Lease', metadata: { name, namespace }, spec });
      return true;
    }
    const spec = (found.spec ?? {}) as LeaseSpec;
    const version = found.metadata.resourceVersion ?? '';
    if (version !== view.seenVersion) Object.assign(view, { seenVersion: version, seenAt: Date.now() });
    const isFree = !spec.holderIdentity || Date.now() - view.seenAt > DURATION_MS;
    if (spec.holderIdentity !== identity && !isFree) return false;
    const taken =
      spec.holderIdentity === identity ? {} : { acquireTime: now, leaseTransitions: (spec.leaseTransitions ?? 0) + 1 };
    await write(client, found, { ...spec, ...mine, ...taken });
    return true;
  } catch (error) {
    if (isStatus(error, 409)) return false;
    throw error;
  }
}

/** With the version that was read, so that of two only one succeeds. */
async function write(
  client: KubernetesClient,
  { apiVersion, kind, metadata }: LiveObject,
  spec: LeaseSpec,
): Promise<void> {
  const { name, namespace = '', resourceVersion } = metadata;
  await client.mergePatch({ apiVersion, kind, metadata: { name, namespace } }, { metadata: { resourceVersion }, spec });
}

async function release({ client, identity, name, namespace }: LeaseOptions): Promise<void> {
  const found = await client.get(LEASES, { namespace, name });
  if ((found.spec as LeaseSpec | undefined)?.holderIdentity !== identity) return;
  await write(client, found, { ...(found.spec as LeaseSpec), holderIdentity: null, leaseDurationSeconds: 1 });
}
