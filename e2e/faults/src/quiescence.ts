import { WaitTimeoutError, waitFor } from '@souk/testing';
import { type CheckOptions, checkInvariants } from './invariants.ts';

/** Some of the invariants do not hold although nothing is broken any more. */
export class BrokenInvariantError extends Error {
  override readonly name = 'BrokenInvariantError';
}

/** Waits until everything holds, at most so long after the last fault; answers how long it took. */
export async function expectAllToHold(options: CheckOptions, timeoutMs: number): Promise<number> {
  const startedAt = Date.now();
  let problems: string[] = [];
  try {
    await waitFor(
      async () => {
        problems = await checkInvariants(options);
        return problems.length === 0;
      },
      { timeoutMs, everyMs: 250, what: 'A platform where every invariant holds' },
    );
  } catch (error) {
    if (!(error instanceof WaitTimeoutError)) throw error;
    const more = problems.length > 25 ? `\nand ${problems.length - 25} more` : '';
    throw new BrokenInvariantError(`After ${timeoutMs} ms:\n${problems.slice(0, 25).join('\n')}${more}`);
  }
  return Date.now() - startedAt;
}
