import type { Clock } from '@souk/service-runtime';

const PAUSE_MS_MIN = 500;
const PAUSE_MS_MAX = 15_000;

/**
 * A provider that takes nothing at all: all messages wait together, for a pause that doubles up to 15 s, then one of them
 * tries. So a mail server that was down for ten minutes finds a backlog in order, not thousands of long delays.
 */
export interface Outage {
  /** Another message found nobody; true where this is news. */
  begin(): boolean;
  /** A message was taken; true where this is news. */
  end(): boolean;
  isOver(): boolean;
  /** How many messages may try: all of them, or one after a pause. */
  allowed(limit: number): number;
  leftMs(): number;
}

export function createOutage(clock: Clock): Outage {
  let pauseMs = 0;
  let until = 0;
  const now = () => clock.now().getTime();
  return {
    begin() {
      const isNews = pauseMs === 0;
      // Those that were under way together count once.
      if (now() >= until) {
        pauseMs = Math.min(PAUSE_MS_MAX, pauseMs === 0 ? PAUSE_MS_MIN : pauseMs * 2);
        until = now() + pauseMs;
      }
      return isNews;
    },
    end() {
      const isNews = pauseMs > 0;
      pauseMs = 0;
      until = 0;
      return isNews;
    },
    isOver: () => now() >= until,
    allowed: (limit) => (pauseMs === 0 ? limit : 1),
    leftMs: () => Math.max(0, until - now()),
  };
}
