import { setTimeout as sleep } from 'node:timers/promises';
import { classifyDatabaseError } from '@souk/service-runtime';

const RETRIES_MAX = 3;
const DELAY_MS_MAX = 40;

/**
 * Repeats a single statement that lost against another transaction (40001, 40P01). Statements here lock in one sequence
 * and do not deadlock among themselves; an administrator at a SQL prompt may still hold the other end.
 */
export async function retryConflicts<T>(statement: () => Promise<T>): Promise<T> {
  for (let retry = 1; ; retry += 1) {
    try {
      return await statement();
    } catch (error) {
      if (retry > RETRIES_MAX || classifyDatabaseError(error).kind !== 'serialization') throw error;
      await sleep(Math.random() * DELAY_MS_MAX * retry);
    }
  }
}
