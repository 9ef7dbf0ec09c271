export interface FixedClock {
  now(): Date;
  advance(ms: number): void;
  set(date: Date): void;
}

/** A clock that stands still until it is told to move. */
export function fixedClock(start: Date | string = '2026-01-01T12:00:00.000Z'): FixedClock {
  let time = new Date(start).getTime();
  return {
    now: () => new Date(time),
    advance: (ms) => {
      time += ms;
    },
    set: (date) => {
      time = date.getTime();
    },
  };
}
