const PAUSE_MS_MIN = 250;
const PAUSE_MS_MAX = 5_000;

/** The wait after the n-th throw in a row of a batch: doubled each time, with full jitter on its upper half. */
export function batchPauseMs(throwsInARow: number, random: () => number): number {
  const ceiling = Math.min(PAUSE_MS_MAX, PAUSE_MS_MIN * 2 ** Math.min(throwsInARow, 10));
  return Math.round(ceiling * (0.5 + random() / 2));
}

/** How long a message rests before it is given back where it can neither climb nor be given up. */
export const GIVE_BACK_PAUSE_MS = 1_000;
