import pg from 'pg';
import { HealthCheckError } from '../health.ts';
import type { Pool } from './pool.ts';

export interface DatabaseCheck {
  /** Passes while the database answers; fails within a second otherwise. */
  check(): Promise<void>;
  close(): Promise<void>;
}

/** Below the second that a readiness check has. */
const PROBE_TIMEOUT_MS = 800;
/** However often readiness is asked, the database is asked once in this time. */
const ANSWER_FRESH_MS = 1_000;

/**
 * Whether the database answers, asked over a connection of its own: a pool whose connections are all busy tells of load,
 * and a loaded service must stay ready.
 */
export function createDatabaseCheck(pool: Pool): DatabaseCheck {
  const probe = new pg.Pool({
    ...pool.options,
    // pg hides it from enumeration
    password: pool.options.password,
    max: 1,
    connectionTimeoutMillis: PROBE_TIMEOUT_MS,
    query_timeout: PROBE_TIMEOUT_MS,
  });
  probe.on('error', () => {});
  probe.on('connect', (client) => client.on('error', () => {}));
  let answer: { askedAtMs: number; passed: Promise<void> } | undefined;
  return {
    check() {
      const nowMs = performance.now();
      if (answer === undefined || nowMs - answer.askedAtMs > ANSWER_FRESH_MS) {
        answer = { askedAtMs: nowMs, passed: ask(probe) };
        answer.passed.catch(() => {});
      }
      return answer.passed;
    },
    close: () => probe.end(),
  };
}

async function ask(probe: pg.Pool): Promise<void> {
  try {
    await probe.query('SELECT 1');
  } catch (error) {
    throw new HealthCheckError('the database does not answer', { cause: error });
  }
}
