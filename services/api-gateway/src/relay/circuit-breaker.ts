const WINDOW_SECONDS = 10;
/** Fewer failures than this say nothing about a service. */
const FAILURES_MIN = 5;
const FAILURE_RATIO = 0.5;
/** The first rest; doubled up to the longest while the probes fail. Half-open heals within 10 s. */
const OPEN_MS_MIN = 1_000;
const OPEN_MS_MAX = 5_000;

export type Permit = 'call' | 'probe';

/** Stops calls to a service that does not answer, so that clients get their 503 at once and the service gets its rest. */
export interface CircuitBreaker {
  /** Undefined while it is open: do not call. A `probe` is the one call that decides whether it closes. */
  tryPass(nowMs: number): Permit | undefined;
  /** The service answered, whatever it said: a 500 of its own is no failure of the way to it. */
  succeeded(permit: Permit, nowMs: number): void;
  /** No answer, a broken one, or no connection. */
  failed(permit: Permit, nowMs: number): void;
  /** The client left before anybody could tell. */
  abandoned(permit: Permit): void;
  isOpen(): boolean;
  /** Milliseconds until the next probe. */
  retryInMs(nowMs: number): number;
}

interface Second {
  at: number;
  calls: number;
  failures: number;
}

/** The calls of the last ten seconds, in one-second parts. */
interface CallWindow {
  count(nowMs: number, failed: boolean): void;
  mostlyFails(nowMs: number): boolean;
  clear(): void;
}

function createCallWindow(): CallWindow {
  const seconds: Second[] = Array.from({ length: WINDOW_SECONDS }, () => ({ at: -1, calls: 0, failures: 0 }));
  return {
    count(nowMs, failed) {
      const at = Math.floor(nowMs / 1_000);
      const second = seconds[at % WINDOW_SECONDS] as Second;
      if (second.at !== at) {
        second.at = at;
        second.calls = 0;
        second.failures = 0;
      }
      second.calls += 1;
      if (failed) second.failures += 1;
    },
    mostlyFails(nowMs) {
      const oldest = Math.floor(nowMs / 1_000) - WINDOW_SECONDS;
      let calls = 0;
      let failures = 0;
      for (const second of seconds) {
        if (second.at <= oldest) continue;
        calls += second.calls;
        failures += second.failures;
      }
      return failures >= FAILURES_MIN && failures / calls >= FAILURE_RATIO;
    },
    clear() {
      for (const second of seconds) second.at = -1;
    },
  };
}

export function createCircuitBreaker(options: {
  random: () => number;
  onChange: (open: boolean) => void;
}): CircuitBreaker {
  const calls = createCallWindow();
  let open = false;
  let probing = false;
  let openMs = OPEN_MS_MIN;
  let probeAtMs = 0;

  function openFor(nowMs: number): void {
    probeAtMs = nowMs + openMs * (0.75 + options.random() / 4);
    openMs = Math.min(OPEN_MS_MAX, openMs * 2);
    if (!open) options.onChange(true);
    open = true;
  }

  function close(): void {
    open = false;
    openMs = OPEN_MS_MIN;
    calls.clear();
    options.onChange(false);
  }

  return {
    tryPass(nowMs) {
      if (!open) return 'call';
      if (probing || nowMs < probeAtMs) return undefined;
      probing = true;
      return 'probe';
    },
    succeeded(permit, nowMs) {
      if (permit === 'probe') {
        probing = false;
        close();
      } else calls.count(nowMs, false);
    },
    failed(permit, nowMs) {
      if (permit === 'probe') {
        probing = false;
        openFor(nowMs);
        return;
      }
      calls.count(nowMs, true);
      // Calls that were under way when it opened must not prolong its rest.
      if (!open && calls.mostlyFails(nowMs)) openFor(nowMs);
    },
    abandoned(permit) {
      if (permit === 'probe') probing = false;
    },
    isOpen: () => open,
    retryInMs: (nowMs) => Math.max(0, probeAtMs - nowMs),
  };
}
