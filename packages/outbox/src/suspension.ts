import { setTimeout as sleep } from 'node:timers/promises';
import type { Consumption } from '@souk/messaging';
import type { Logger } from '@souk/service-runtime';
import type { InboxMetrics } from './inbox-metrics.ts';

/** Keeps a consumption paused while a dependency is away. */
export interface Suspension {
  suspend(consumption: Consumption | undefined, cause: unknown): Promise<void>;
  isSuspended(): boolean;
  /** One probe, now. */
  isHealthy(): Promise<boolean>;
  /** Work went through: the next pause begins short again. */
  succeeded(): void;
  stop(): void;
}

export interface SuspensionOptions {
  service: string;
  probe: () => Promise<unknown>;
  logger: Logger;
  metrics: Pick<InboxMetrics, 'suspended'>;
}

const PAUSE_MS_MIN = 200;
/** Together with the probe's own time below the 5 s in which a service resumes. */
const PAUSE_MS_MAX = 2_000;

export function createSuspension(options: SuspensionOptions): Suspension {
  const { logger, metrics, probe, service } = options;
  const stopping = new AbortController();
  let suspended = false;
  let pauseMs = PAUSE_MS_MIN;

  const isHealthy = async () => {
    try {
      await probe();
      return true;
    } catch {
      return false;
    }
  };
  const resumeWhenHealthy = async (consumption: Consumption) => {
    // The pause comes first also when the probe would pass: a dependency that answers probes only must not be hammered.
    do {
      await sleep(pauseMs * (0.75 + Math.random() / 2), undefined, { signal: stopping.signal, ref: false });
      pauseMs = Math.min(pauseMs * 2, PAUSE_MS_MAX);
    } while (!(await isHealthy()));
    if (stopping.signal.aborted) return;
    suspended = false;
    metrics.suspended(false);
    await consumption.resume();
    logger.info({ service }, 'Resumed consuming');
  };
  return {
    isHealthy,
    isSuspended: () => suspended,
    succeeded: () => {
      pauseMs = PAUSE_MS_MIN;
    },
    async suspend(consumption, cause) {
      if (suspended || consumption === undefined || stopping.signal.aborted) return;
      suspended = true;
      metrics.suspended(true);
      logger.warn({ error: cause, service }, 'Suspended consuming: a dependency is away');
      await consumption.pause();
      resumeWhenHealthy(consumption).catch((error: unknown) => {
        if (!stopping.signal.aborted) logger.error({ error, service }, 'Consuming could not be resumed');
      });
    },
    stop: () => stopping.abort(),
  };
}
