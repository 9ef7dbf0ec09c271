import type { Pool } from './pool.ts';

type Acquired = Parameters<Pool['connect']>[0];

/** Oldest first: a Set keeps the order in which tickets were added. */
const waiting = new WeakMap<Pool, Set<{ sinceMs: number }>>();

/** Notes who waits for a connection of this pool, statements outside of transactions included: they connect as well. */
export function watchQueue(pool: Pool): void {
  const tickets = new Set<{ sinceMs: number }>();
  waiting.set(pool, tickets);
  const connect = pool.connect.bind(pool) as (acquired?: Acquired) => Promise<unknown> | undefined;
  pool.connect = ((acquired?: Acquired) => {
    const ticket = { sinceMs: performance.now() };
    tickets.add(ticket);
    if (acquired === undefined) return connect()?.finally(() => tickets.delete(ticket));
    return connect((...outcome) => {
      tickets.delete(ticket);
      acquired(...outcome);
    });
  }) as Pool['connect'];
}

/**
 * How long the first in the queue for a connection has waited, in milliseconds; 0 where nobody waits. The pool serves in
 * order, so this tells that a database is asked for more than it does, before anybody has waited in vain.
 */
export function queueDelayMs(pool: Pool): number {
  for (const { sinceMs } of waiting.get(pool) ?? []) return performance.now() - sinceMs;
  return 0;
}
