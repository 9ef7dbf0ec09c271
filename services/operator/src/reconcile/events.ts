import { createHash } from 'node:crypto';
import type { Logger } from '@souk/service-runtime';
import type { KubernetesClient } from '../kubernetes/client.ts';
import type { PlannedEvent } from '../plan/plan.ts';
import type { Shop } from '../shop/shop.ts';

/** The same event within this time is counted, not repeated. */
const SERIES_MS = 10 * 60_000;
const MESSAGE_LENGTH_MAX = 1_000;

export interface EventRecorder {
  record(shop: Shop, event: PlannedEvent): Promise<void>;
}

/** Writes Events about a Shop; one that cannot be written is logged and forgotten. */
export function createEventRecorder(options: {
  client: KubernetesClient;
  identity: string;
  logger: Logger;
}): EventRecorder {
  const { client, identity, logger } = options;
  const series = new Map<string, { name: string; count: number; lastMs: number }>();
  return {
    async record(shop, { message, reason, type }) {
      const { name: shopName, namespace, uid } = shop.metadata;
      const key = createHash('sha256').update(`${uid} ${reason} ${message}`).digest('hex').slice(0, 12);
      const now = new Date();
      const known = series.get(key);
      for (const [other, { lastMs }] of series) if (now.getTime() - lastMs > SERIES_MS) series.delete(other);
      const log = type === 'Warning' ? logger.warn.bind(logger) : logger.info.bind(logger);
      log({ shop: shopName, namespace, reason }, message);
      try {
        if (known && series.has(key)) {
          Object.assign(known, { count: known.count + 1, lastMs: now.getTime() });
          const of = { apiVersion: 'v1', kind: 'Event', metadata: { name: known.name, namespace } };
          await client.mergePatch(of, { count: known.count, lastTimestamp: now.toISOString() });
          return;
        }
        const name = `${shopName}.${key}.${now.getTime().toString(36)}`;
        await client.create({
          apiVersion: 'v1',
          kind: 'Event',
          metadata: { name, namespace },
          involvedObject: { apiVersion: shop.apiVersion, kind: 'Shop', name: shopName, namespace, uid },
          type,
          reason,
          message: message.slice(0, MESSAGE_LENGTH_MAX),
          count: 1,
          firstTimestamp: now.toISOString(),
          lastTimestamp: now.toISOString(),
          source: { component: 'shop-operator', host: identity },
        });
        series.set(key, { name, count: 1, lastMs: now.getTime() });
      } catch (error) {
        logger.warn({ error, reason }, 'Could not write Event');
      }
    },
  };
}
