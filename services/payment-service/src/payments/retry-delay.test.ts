import { expect, test } from 'vitest';
import { longestPauseMs } from './retry-delay.ts';

const NOW = new Date('2026-01-10T00:00:00Z');
const before = (ms: number) => new Date(NOW.getTime() - ms);
const HOUR_MS = 3_600_000;

test.each([
  [0, 5_000],
  [HOUR_MS / 12, 5_000],
  [HOUR_MS, 36_000],
  [24 * HOUR_MS, 864_000],
  [365 * 24 * HOUR_MS, HOUR_MS],
  [-HOUR_MS, 5_000],
])('what has been unknown for %d ms is asked about every %d ms', (ms, pauseMs) => {
  expect(longestPauseMs(5_000, before(ms), NOW)).toBe(pauseMs);
});
