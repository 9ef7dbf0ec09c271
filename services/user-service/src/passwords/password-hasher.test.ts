import { Refusal } from '@souk/contracts';
import { createMetrics } from '@souk/service-runtime';
import { describe, expect, it } from 'vitest';
import { createGate, createPasswordHasher } from './password-hasher.ts';

function aHasher() {
  return createPasswordHasher({ metrics: createMetrics({ service: 'test', processMetrics: false }) });
}

describe('hashing passwords', () => {
  it('is Argon2id with 19 MiB, two passes and one lane', async () => {
    const passwordHash = await aHasher().hash('correct-horse-battery');
    expect(passwordHash).toMatch(/^\$argon2id\$v=19\$m=19456,t=2,p=1\$/);
  });

  it('tells the right password from every other one, to the last byte', async () => {
    const hasher = aHasher();
    const first72Bytes = 'x'.repeat(72);
    const passwordHash = await hasher.hash(`${first72Bytes}right`);
    await expect(hasher.verify(passwordHash, `${first72Bytes}right`)).resolves.toBe(true);
    await expect(hasher.verify(passwordHash, `${first72Bytes}wrong`)).resolves.toBe(false);
    await expect(hasher.verify(passwordHash, first72Bytes)).resolves.toBe(false);
  });

  it('compares exactly: neither trimmed nor normalised', async () => {
    const hasher = aHasher();
    const passwordHash = await hasher.hash('caf\u00e9-caf\u00e9-caf\u00e9');
    await expect(hasher.verify(passwordHash, 'cafe\u0301-cafe\u0301-cafe\u0301')).resolves.toBe(false);
    await expect(hasher.verify(passwordHash, 'caf\u00e9-caf\u00e9-caf\u00e9 ')).resolves.toBe(false);
  });

  it('never finds the password of nobody', async () => {
    await expect(aHasher().verifyNobody('correct-horse-battery')).resolves.toBe(false);
  });
});

describe('the gate', () => {
  function openable() {
    let open = () => {};
    const opened = new Promise<void>((resolve) => {
      open = resolve;
    });
    return { open, work: () => opened };
  }

  it('lets two in, lets some wait, and refuses the rest with 503', async () => {
    const gate = createGate({ runningMax: 2, waitingMax: 3 });
    const door = openable();
    let begun = 0;
    const work = () => {
      begun += 1;
      return door.work();
    };
    const inside = Array.from({ length: 5 }, () => gate.run(work));
    await Promise.resolve();
    expect(begun).toBe(2);
    expect(gate.waiting()).toBe(3);
    await expect(gate.run(work)).rejects.toMatchObject({ code: 'unavailable', retryAfterSeconds: 1 });
    door.open();
    await Promise.all(inside);
    expect(begun).toBe(5);
    expect(gate.waiting()).toBe(0);
  });

  it('gives the place on after a failure', async () => {
    const gate = createGate({ runningMax: 1, waitingMax: 1 });
    const failing = gate.run(() => Promise.reject(new Refusal('internal', 'no')));
    const next = gate.run(async () => 'done');
    await expect(failing).rejects.toBeInstanceOf(Refusal);
    await expect(next).resolves.toBe('done');
  });

  it('forgets who leaves the queue', async () => {
    const gate = createGate({ runningMax: 1, waitingMax: 1 });
    const door = openable();
    const first = gate.run(door.work);
    const leaving = new AbortController();
    const second = gate.run(async () => 'never', leaving.signal);
    leaving.abort();
    await expect(second).rejects.toBeInstanceOf(Refusal);
    expect(gate.waiting()).toBe(0);
    door.open();
    await first;
    await expect(gate.run(async () => 'free again')).resolves.toBe('free again');
  });
});
