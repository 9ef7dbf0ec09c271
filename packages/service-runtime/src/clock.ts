import { v7 } from 'uuid';

export interface Clock {
  now(): Date;
}

export const systemClock: Clock = { now: () => new Date() };

/** A new UUIDv7: ids sort by the time they were made. */
export function newId(): string {
  return v7();
}
