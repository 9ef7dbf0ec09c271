import { randomInt } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { KeyValueUnavailableError } from '@souk/key-value';
import type { Pool, Queryable } from '@souk/service-runtime';
import type { CautiousStore } from './cautious-store.ts';
import { coalesce } from './coalesce.ts';

/** Moves at every change of the catalogue; its value means nothing, only that it is another than before. */
const MARK_KEY = 'products:change-mark';
const MARK_TTL_MS = 24 * 3_600_000;
const MARK_STEP_MAX = 2 ** 40;

export interface CatalogGeneration {
  /** Which database the generations are of; known once `current` has answered. */
  incarnation(): string;
  /** The generation of the last write that was acknowledged before this call, or a later one. */
  current(): Promise<number>;
  /** Called after the commit of a write and before it is acknowledged: from then on every replica sees it. */
  announce(): Promise<void>;
}

export interface CatalogGenerationOptions {
  pool: Pool;
  keyValue: CautiousStore;
  /** Monotonic milliseconds. */
  clockMs: () => number;
  /** How long one look at the database counts, at most, while the mark stays the same. */
  checkMs: number;
}

/** Takes the next generation, and with it the turn: writes to the catalogue commit one after the other. */
export async function takeGeneration(tx: Queryable): Promise<number> {
  const { rows } = await tx.query<{ generation: number }>(
    'UPDATE catalog_state SET generation = generation + 1 WHERE id = 1 RETURNING generation',
  );
  return rows[0]?.generation ?? 0;
}

/**
 * Tells whether a cached page is still true. PostgreSQL alone knows the generation; the key-value store only says, at the
 * price of one read, that nothing has changed since this replica last looked. Without the store every read looks itself
 * (right, and slower); a mark that was lost or could not be moved is noticed within `checkMs`, and the write that could
 * not move it waits for that long before it is acknowledged.
 */
export function createCatalogGeneration(options: CatalogGenerationOptions): CatalogGeneration {
  const { pool, keyValue, clockMs, checkMs } = options;
  let seen: { mark: string; generation: number; atMs: number } | undefined;
  let incarnation = '';

  const readMark = coalesce(async (): Promise<string | undefined> => {
    if (!keyValue.isReady()) return undefined;
    try {
      return await keyValue.get(MARK_KEY);
    } catch (error) {
      if (error instanceof KeyValueUnavailableError) return undefined;
      throw error;
    }
  });

  const look = coalesce(async (): Promise<number> => {
    // The mark is read before the database: a change in between makes this look outdated, never the page.
    const atMs = clockMs();
    const mark = (await readMark()) ?? (await createMark(keyValue));
    const { rows } = await pool.query<{ generation: number; incarnation: string }>(
      'SELECT generation, incarnation FROM catalog_state WHERE id = 1',
    );
    const generation = rows[0]?.generation ?? 0;
    incarnation = rows[0]?.incarnation ?? '';
    if (mark !== undefined) seen = { mark, generation, atMs };
    return generation;
  });

  return {
    incarnation: () => incarnation,
    async current() {
      const mark = await readMark();
      if (seen !== undefined && mark === seen.mark && clockMs() - seen.atMs < checkMs) return seen.generation;
      return look();
    },
    async announce() {
      seen = undefined;
      try {
        await keyValue.increment(MARK_KEY, randomInt(1, MARK_STEP_MAX), { ttlMs: MARK_TTL_MS });
      } catch (error) {
        if (!(error instanceof KeyValueUnavailableError)) throw error;
        await sleep(checkMs);
      }
    },
  };
}

/** A store that was emptied gets a mark that no replica has seen before. */
async function createMark(keyValue: CautiousStore): Promise<string | undefined> {
  if (!keyValue.isReady()) return undefined;
  const mark = String(randomInt(1, MARK_STEP_MAX));
  try {
    const created = await keyValue.set(MARK_KEY, mark, { ttlMs: MARK_TTL_MS, onlyIfAbsent: true });
    return created ? mark : await keyValue.get(MARK_KEY);
  } catch (error) {
    if (error instanceof KeyValueUnavailableError) return undefined;
    throw error;
  }
}
