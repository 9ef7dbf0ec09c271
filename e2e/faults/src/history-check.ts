import { type Platform, select } from '../../src/index.ts';
import type { Operation } from './history.ts';

/** What was acknowledged is there, what was refused left nothing, and no key made two orders. */
export async function checkHistory({
  platform,
  orders = [],
}: {
  platform: Platform;
  orders?: readonly Operation[];
}): Promise<string[]> {
  if (orders.length === 0) return [];
  const [keys, rows] = await Promise.all([
    select<{ key: string; resource_id: string | null }>(
      platform,
      'orders',
      'SELECT key, resource_id FROM idempotency_keys',
    ),
    select<{ id: string }>(platform, 'orders', 'SELECT id FROM orders'),
  ]);
  const resourceOf = new Map(keys.map((row) => [row.key, row.resource_id]));
  const existing = new Set(rows.map(({ id }) => id));
  const problems: string[] = [];
  const seen = new Set<string>();
  for (const { outcome, orderId, key, status } of orders) {
    const resource = resourceOf.get(key);
    if (outcome === 'ok') {
      if (orderId === undefined || !existing.has(orderId)) problems.push(`acknowledged order ${orderId} is lost`);
      else if (seen.has(orderId)) problems.push(`order ${orderId} was given to two keys`);
      seen.add(orderId ?? '');
      if (resource !== orderId) problems.push(`key ${key} holds ${resource}, its client has ${orderId}`);
    }
    if (outcome === 'fail' && resource && existing.has(resource))
      problems.push(`key ${key} was refused (${status}) and left order ${resource}`);
    if (resource) existing.delete(resource);
  }
  const strange = [...existing].filter((id) => !seen.has(id));
  if (strange.length > 0) problems.push(`${strange.length} orders belong to no client: ${strange.slice(0, 3).join()}`);
  return problems;
}
