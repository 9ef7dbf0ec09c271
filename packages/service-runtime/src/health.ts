import { monitorEventLoopDelay } from 'node:perf_hooks';

export type HealthCheck = () => Promise<void> | void;

export interface Readiness {
  ready: boolean;
  /** `ok` or the reason, by name. */
  checks: Record<string, string>;
}

/** Live = the event loop turns. Ready = this process can do its own work. Neither looks at another service. */
export interface Health {
  /** A check passes by returning and fails by throwing; it has one second. */
  addCheck(name: string, check: HealthCheck): void;
  live(): boolean;
  readiness(): Promise<Readiness>;
  /** Set when the process is asked to stop: not ready from then on. */
  draining: boolean;
}

const CHECK_TIMEOUT_MS = 1_000;
/** A loop that was blocked for so long in the last ten seconds would also block the probe itself. */
const LOOP_DELAY_MS_MAX = 5_000;
const WINDOW_MS = 10_000;

export interface HealthControl extends Health {
  stop(): void;
}

/** Watches the event loop and gathers the checks of the parts. */
export function createHealth(): HealthControl {
  const checks = new Map<string, HealthCheck>();
  const delay = monitorEventLoopDelay({ resolution: 100 });
  delay.enable();
  const reset = setInterval(() => delay.reset(), WINDOW_MS).unref();
  let draining = false;
  return {
    get draining() {
      return draining;
    },
    set draining(value) {
      draining = value;
    },
    addCheck: (name, check) => void checks.set(name, check),
    live: () => delay.max < LOOP_DELAY_MS_MAX * 1e6,
    async readiness() {
      const results = await Promise.all(
        [...checks].map(async ([name, check]) => [name, await resultOf(check)] as const),
      );
      if (draining) results.push(['lifecycle', 'stopping']);
      return { ready: results.every(([, result]) => result === 'ok'), checks: Object.fromEntries(results) };
    },
    stop() {
      clearInterval(reset);
      delay.disable();
    },
  };
}

async function resultOf(check: HealthCheck): Promise<string> {
  let timer: NodeJS.Timeout | undefined;
  const expired = new Promise<string>((resolve) => {
    timer = setTimeout(resolve, CHECK_TIMEOUT_MS, `no answer within ${CHECK_TIMEOUT_MS} ms`);
  });
  try {
    return await Promise.race([passes(check), expired]);
  } catch (error) {
    // Only messages of our own checks: a driver's message may name hosts and users.
    return error instanceof HealthCheckError ? error.message : 'failed';
  } finally {
    clearTimeout(timer);
  }
}

async function passes(check: HealthCheck): Promise<string> {
  await check();
  return 'ok';
}

/** Thrown by a check whose message may be shown on `/readyz`. */
export class HealthCheckError extends Error {
  override readonly name = 'HealthCheckError';
}
