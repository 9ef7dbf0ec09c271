import { shopSpecSchema } from '../shop/shop-spec.ts';
import type { Pass } from './pass.ts';
import type { Plan } from './plan.ts';

const POLL_MS = 2_000;

/**
 * The end of a Shop. What it owns goes with it by its owner reference. Volumes and Secrets have none: they stay, unless the
 * Shop says `Delete`; then they go after the programs that use them.
 */
export function planDeletion(pass: Pass): Plan {
  const { metadata, spec } = pass.shop;
  if (!metadata.finalizers?.length) return pass.finish('Deleting', undefined);
  // A spec that is not understood deletes nothing.
  const parsed = shopSpecSchema.safeParse(spec);
  const isKept = !parsed.success || parsed.data.deletionPolicy === 'Retain';
  pass.condition('Ready', 'False', { reason: 'Deleting', message: 'The Shop is being deleted' });
  if (isKept) {
    pass.event('Deleting', 'Deleted; volumes and Secrets are kept');
    return pass.finish('Deleting', undefined, 'remove');
  }
  const live = [...pass.observed.objects.values()];
  const sets = live.filter(({ kind }) => kind === 'StatefulSet');
  for (const set of sets.filter((object) => !object.metadata.deletionTimestamp)) pass.delete(set);
  if (sets.length > 0) return pass.finish('Deleting', POLL_MS);
  const rest = live.filter(
    ({ kind, metadata: { deletionTimestamp } }) =>
      (kind === 'PersistentVolumeClaim' || kind === 'Secret') && deletionTimestamp === undefined,
  );
  for (const object of rest) pass.delete(object);
  if (rest.length > 0) return pass.finish('Deleting', POLL_MS);
  pass.event('Deleting', 'Deleted with its volumes and Secrets');
  return pass.finish('Deleting', undefined, 'remove');
}
