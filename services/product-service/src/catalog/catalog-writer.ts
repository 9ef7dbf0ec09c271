import { createEvent } from '@souk/contracts';
import { insertOutbox } from '@souk/outbox';
import { type Pool, type PoolClient, transaction } from '@souk/service-runtime';
import { type CatalogGeneration, takeGeneration } from './catalog-generation.ts';

/** What a write to the catalogue or the stock needs, whatever it writes. */
export interface CatalogWriterDependencies {
  pool: Pool;
  generation: CatalogGeneration;
  relay: { wake(): void };
  now: () => Date;
  newId: () => string;
}

/** One change by an administrator: its transaction, and the generation it becomes visible with. */
export interface CatalogChange {
  tx: PoolClient;
  generation: number;
  now: Date;
}

/**
 * Runs a change by an administrator. When this resolves, the next read sees it, on every replica. Changes wait for each
 * other at the generation's row, so that inside one nothing else in the catalogue moves.
 */
export async function changeCatalog<T>(
  deps: CatalogWriterDependencies,
  change: (change: CatalogChange) => Promise<T>,
): Promise<T> {
  const now = deps.now();
  const result = await transaction(deps.pool, async (tx) => {
    const generation = await takeGeneration(tx);
    return change({ tx, generation, now });
  });
  deps.relay.wake();
  await deps.generation.announce();
  return result;
}

export async function tellProductChange(
  deps: CatalogWriterDependencies,
  { tx, now }: CatalogChange,
  fact: { type: 'product.updated' | 'product.deleted'; productId: string; version: number },
): Promise<void> {
  const { type, productId, version } = fact;
  const event = createEvent({
    id: deps.newId(),
    type,
    subject: productId,
    time: now,
    sequence: version,
    data: { productId, version },
  });
  await insertOutbox(tx, [event]);
}
