import { randomBytes } from 'node:crypto';
import { hash, verify } from '@node-rs/argon2';
import { Refusal } from '@souk/contracts';
import type { Metrics } from '@souk/service-runtime';

/** OWASP's first choice for Argon2id: 19 MiB, two passes, one lane; 16 ms on the machine of reference. */
const ARGON2ID = { algorithm: 2, memoryCost: 19_456, timeCost: 2, parallelism: 1 } as const;

/** More at once would starve the threads that the rest of the process shares. */
export const HASHES_AT_ONCE_MAX = 2;
/** 32 waiting hashes are a quarter of a second; whoever comes then is told to come back. */
export const HASH_QUEUE_MAX = 32;

export interface PasswordHasher {
  hash(password: string, signal?: AbortSignal): Promise<string>;
  verify(passwordHash: string, password: string, signal?: AbortSignal): Promise<boolean>;
  /** Costs what `verify` costs and is always false: for accounts that do not exist. */
  verifyNobody(password: string, signal?: AbortSignal): Promise<false>;
}

/** Argon2id behind a gate: at most two at once, a bounded queue, then `Refusal` `unavailable`. */
export function createPasswordHasher(options: { metrics: Metrics }): PasswordHasher {
  const gate = createGate({ runningMax: HASHES_AT_ONCE_MAX, waitingMax: HASH_QUEUE_MAX });
  options.metrics.gauge('souk_password_hashes_waiting', 'Passwords that wait for their hash', {
    collect: (gauge) => gauge.set(gate.waiting()),
  });
  const nobody = hash(randomBytes(32), ARGON2ID);
  // Whoever needs it sees the error; without a listener a failure at start would end the process.
  nobody.catch(() => {});
  return {
    hash: (password, signal) => gate.run(() => hash(password, ARGON2ID), signal),
    verify: (passwordHash, password, signal) => gate.run(() => verify(passwordHash, password), signal),
    async verifyNobody(password, signal) {
      const passwordHash = await nobody;
      await gate.run(() => verify(passwordHash, password), signal);
      return false;
    },
  };
}

export interface Gate {
  run<T>(work: () => Promise<T>, signal?: AbortSignal): Promise<T>;
  waiting(): number;
}

/** Lets `runningMax` pieces of work in and `waitingMax` wait, in the order of their coming; refuses the rest. */
export function createGate(limits: { runningMax: number; waitingMax: number }): Gate {
  const queue: (() => void)[] = [];
  let running = 0;

  async function enter(signal: AbortSignal | undefined): Promise<void> {
    if (running < limits.runningMax) {
      running += 1;
      return;
    }
    if (queue.length >= limits.waitingMax) {
      throw new Refusal('unavailable', 'Too many passwords are being checked; try again in a moment', {
        retryAfterSeconds: 1,
      });
    }
    await new Promise<void>((resolve, reject) => {
      const admit = () => {
        signal?.removeEventListener('abort', leave);
        resolve();
      };
      const leave = () => {
        const place = queue.indexOf(admit);
        if (place >= 0) queue.splice(place, 1);
        reject(new Refusal('unavailable', 'The client left'));
      };
      queue.push(admit);
      signal?.addEventListener('abort', leave, { once: true });
    });
  }

  return {
    waiting: () => queue.length,
    async run(work, signal) {
      await enter(signal);
      try {
        return await work();
      } finally {
        // The place is handed on, so that nobody who comes now overtakes those who wait.
        const next = queue.shift();
        if (next === undefined) running -= 1;
        else next();
      }
    },
  };
}
