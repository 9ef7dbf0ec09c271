import { setTimeout as sleep } from 'node:timers/promises';
import type { Fault, FaultContext } from './fault.ts';
import type { Breakable, Direction } from './fault-proxy.ts';

type WayOf = (context: FaultContext) => Breakable;

/** For as long as a fault lasts. */
const lasting = (wayOf: WayOf, begin: (way: Breakable, context: FaultContext) => void): Fault => ({
  async run(context) {
    begin(wayOf(context), context);
    await sleep(context.durationMs);
    wayOf(context).heal();
  },
});

/** Connections are reset, new ones are refused. */
export const down = (wayOf: WayOf): Fault => lasting(wayOf, (way) => way.down());

/** Nothing passes, nothing is closed: a frozen process or a black hole, one way or both. */
export const stall = (wayOf: WayOf, direction?: Direction): Fault => lasting(wayOf, (way) => way.stall(direction));

/** A long way. */
export const slow = (wayOf: WayOf): Fault => lasting(wayOf, (way) => way.disturb(() => ({ delayMs: 150 })));

/** 200 ms more or less a hundred, and one piece in twenty resets its connection. */
export const unsteady = (wayOf: WayOf): Fault =>
  lasting(wayOf, (way, { random }) =>
    way.disturb(() => (random.next() < 0.05 ? 'reset' : { delayMs: random.between(100, 300) })),
  );

/** One answer in five never arrives although the question was understood. */
export const answersLost = (wayOf: WayOf): Fault =>
  lasting(wayOf, (way, { random }) =>
    way.disturb((direction) => (direction === 'to-client' && random.next() < 0.2 ? 'reset' : { delayMs: 0 })),
  );

/** One answer in five ends in the middle. */
export const answersTruncated = (wayOf: WayOf): Fault =>
  lasting(wayOf, (way, { random }) =>
    way.disturb((direction) => (direction === 'to-client' && random.next() < 0.2 ? 'truncate' : { delayMs: 0 })),
  );

/** All connections are reset again and again, also those that are being made. */
export const cutOften = (wayOf: WayOf): Fault => ({
  async run(context) {
    const until = Date.now() + context.durationMs;
    while (Date.now() < until) {
      wayOf(context).cut();
      await sleep(context.random.between(50, 700));
    }
  },
});
