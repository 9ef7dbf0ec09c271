const FAILURES_MAX_DEFAULT = 5;
const OPEN_MS_DEFAULT = { first: 500, max: 3_000 };

export type BreakerState = 'closed' | 'open' | 'half-open';

/** How a permitted call ended; `unknown` (the caller gave up) says nothing about the callee. */
export type CallOutcome = 'success' | 'failure' | 'unknown';

export interface Breaker {
  /** The way to report the outcome of the one call that is now permitted, or undefined: fail at once. */
  acquire(): ((outcome: CallOutcome) => void) | undefined;
  state(): BreakerState;
}

export interface BreakerOptions {
  /** Opens after this many failures without a success between them. Default 5. */
  failuresMax?: number;
  /** How long it stays open; doubles with each failed probe up to `max`. Default 500 to 3,000 ms. */
  openMs?: { first: number; max: number };
  nowMs?: () => number;
}

/** Closed it lets everything through, open nothing, and then one call at a time as a probe until one succeeds. */
export function createBreaker(options: BreakerOptions = {}): Breaker {
  const { failuresMax = FAILURES_MAX_DEFAULT, openMs = OPEN_MS_DEFAULT, nowMs = () => performance.now() } = options;
  let failures = 0;
  let openUntilMs: number | undefined;
  let nextOpenMs = openMs.first;
  let isProbing = false;

  const settle = (outcome: CallOutcome, wasProbe: boolean) => {
    if (wasProbe) isProbing = false;
    if (outcome === 'success') {
      failures = 0;
      // Only a probe closes: an old call that ends well at last does not tell how the callee is now.
      if (openUntilMs === undefined || wasProbe) {
        openUntilMs = undefined;
        nextOpenMs = openMs.first;
      }
    } else if (outcome === 'failure') {
      failures += 1;
      const opens = wasProbe || (openUntilMs === undefined && failures >= failuresMax);
      if (!opens) return;
      // Jittered, so that the replicas of a caller do not probe in step.
      openUntilMs = nowMs() + nextOpenMs * (0.8 + Math.random() * 0.2);
      nextOpenMs = Math.min(openMs.max, nextOpenMs * 2);
    }
  };
  return {
    acquire() {
      if (openUntilMs === undefined) return (outcome) => settle(outcome, false);
      if (isProbing || nowMs() < openUntilMs) return undefined;
      isProbing = true;
      return (outcome) => settle(outcome, true);
    },
    state() {
      if (openUntilMs === undefined) return 'closed';
      return nowMs() < openUntilMs ? 'open' : 'half-open';
    },
  };
}

export interface RetryBudget {
  /** Counts a first try. */
  onCall(): void;
  /** Whether one more call may be made now. */
  spend(): boolean;
}

/** At most one retry for every ten calls, and a few to begin with: a callee in trouble is not helped by twice the load. */
export function createRetryBudget(options: { ratio?: number; savedMax?: number } = {}): RetryBudget {
  const { ratio = 0.1, savedMax = 5 } = options;
  let saved = savedMax;
  return {
    onCall() {
      saved = Math.min(savedMax, saved + ratio);
    },
    spend() {
      if (saved < 1) return false;
      saved -= 1;
      return true;
    },
  };
}
