import type { Logger, Metrics } from '@souk/service-runtime';
import { Pool } from 'undici';
import type { Upstream as UpstreamName } from '../routes.ts';
import { type CircuitBreaker, createCircuitBreaker } from './circuit-breaker.ts';
import { createRetryBudget, type RetryBudget } from './retry-budget.ts';

/** Beyond this many calls at once to one service a client gets its 503 at once instead of everybody late. */
const CALLS_MAX = 256;
/** Streams stay open for minutes: they have connections of their own and a limit of their own. */
const STREAMS_MAX = 2_000;
const CONNECT_TIMEOUT_MS = 1_000;
/** Half of what our services keep idle connections open for (65 s): the client's side closes first. */
const KEEP_ALIVE_MS = 30_000;
/** A stream says something every 5 s; three times nothing and it is dead. */
const STREAM_SILENCE_MS = 15_000;

/** One service behind the gateway: its connections, and how much they are trusted at the moment. */
export interface Upstream {
  readonly name: UpstreamName;
  readonly breaker: CircuitBreaker;
  readonly retries: RetryBudget;
  /** Takes a place among the calls (or streams) under way; false when there is none left. */
  enter(kind: CallKind): boolean;
  leave(kind: CallKind): void;
  pool(kind: CallKind): Pool;
  /** How to end each stream that is open: nobody else would before the process must go. */
  readonly streams: Set<() => void>;
  /** Streams end at once; connections close once nothing uses them; a call that still comes opens its own. */
  close(): void;
}

export type CallKind = 'call' | 'stream';

export interface UpstreamOptions {
  name: UpstreamName;
  baseUrl: string;
  logger: Logger;
  metrics: Metrics;
  random: () => number;
}

export function createUpstream(options: UpstreamOptions): Upstream {
  const { name, logger } = options;
  const streams = new Set<() => void>();
  const pools: Record<CallKind, PoolSlot> = {
    call: createPoolSlot(() => openPool(options.baseUrl, { connections: CALLS_MAX, bodyTimeout: 0 }), CALLS_MAX),
    stream: createPoolSlot(
      () => openPool(options.baseUrl, { connections: null, bodyTimeout: STREAM_SILENCE_MS }),
      STREAMS_MAX,
    ),
  };
  const openGauge = options.metrics.gauge(
    'souk_gateway_breaker_open',
    '1 while calls to the service are refused because it did not answer',
    ['upstream'],
  );
  openGauge.set({ upstream: name }, 0);
  const breaker = createCircuitBreaker({
    random: options.random,
    onChange(open) {
      openGauge.set({ upstream: name }, open ? 1 : 0);
      if (open) {
        logger.warn({ upstream: name }, 'Stopped calling a service that does not answer');
        // Idle connections into a black hole would each cost a deadline: the probe begins with a new one.
        pools.call.renew();
      } else logger.info({ upstream: name }, 'The service answers again');
    },
  });
  return {
    name,
    breaker,
    retries: createRetryBudget(),
    enter: (kind) => pools[kind].enter(),
    leave: (kind) => pools[kind].leave(),
    pool: (kind) => pools[kind].pool(),
    streams,
    close() {
      for (const end of streams) end();
      for (const slot of Object.values(pools)) slot.close();
    },
  };
}

function openPool(baseUrl: string, options: { connections: number | null; bodyTimeout: number }): Pool {
  return new Pool(baseUrl, {
    ...options,
    // The gateway's own deadline ends a call; two clocks for one thing only disagree.
    headersTimeout: 0,
    keepAliveTimeout: KEEP_ALIVE_MS,
    connect: { timeout: CONNECT_TIMEOUT_MS },
  });
}

interface PoolSlot {
  enter(): boolean;
  leave(): void;
  pool(): Pool;
  renew(): void;
  close(): void;
}

/** A pool that is opened with its first use, and closed when nothing uses it any more. */
function createPoolSlot(open: () => Pool, usersMax: number): PoolSlot {
  let pool: Pool | undefined;
  let users = 0;
  let closing = false;

  function retire(): void {
    // Waits for what is under way on it; a failure to say goodbye changes nothing.
    pool?.close().catch(() => {});
    pool = undefined;
  }

  return {
    enter() {
      if (users >= usersMax) return false;
      users += 1;
      return true;
    },
    leave() {
      users -= 1;
      if (closing && users === 0) retire();
    },
    pool() {
      pool ??= open();
      return pool;
    },
    renew: retire,
    close() {
      closing = true;
      if (users === 0) retire();
    },
  };
}
