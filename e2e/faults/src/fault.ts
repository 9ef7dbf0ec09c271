import type { FaultPlatform } from './fault-platform.ts';
import type { SeededRandom } from './seeded-random.ts';

export interface FaultContext extends FaultPlatform {
  random: SeededRandom;
  /** How long the fault lasts. */
  durationMs: number;
}

export interface Fault {
  /** Injects it, lets it last, heals it. */
  run(context: FaultContext): Promise<void>;
  /** Messages are gone for good: only the newest event of each order is promised to arrive. */
  losesMessages?: boolean;
  /** Does something to PostgreSQL, RabbitMQ or Redis that would disturb whoever shares them. */
  needsOwnServers?: boolean;
}

/** Something that should always work under a fault did not. */
export class FaultNotAsExpectedError extends Error {
  override readonly name = 'FaultNotAsExpectedError';
}

/** Faults of one kind, each under the name of what it happens to. */
export function named<T extends string>(
  kind: string,
  names: readonly T[],
  make: (name: T) => Fault,
): [string, Fault][] {
  return names.map((name) => [`${kind} ${name}`, make(name)]);
}
