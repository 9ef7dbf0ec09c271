import { describe, expect, it } from 'vitest';
import { createWakeUp } from './wake-up.ts';

describe('a wake-up', () => {
  it('ends a pause early', async () => {
    const wakeUp = createWakeUp();
    const startedAt = performance.now();
    setTimeout(wakeUp.wake, 10);
    await wakeUp.wait(5_000);
    expect(performance.now() - startedAt).toBeLessThan(4_000);
  });

  it('ends a pause that begins after the call, unless it was reset', async () => {
    const wakeUp = createWakeUp();
    wakeUp.wake();
    const startedAt = performance.now();
    await wakeUp.wait(5_000);
    expect(performance.now() - startedAt).toBeLessThan(4_000);
    wakeUp.wake();
    wakeUp.reset();
    const pausedAt = performance.now();
    await wakeUp.wait(50);
    expect(performance.now() - pausedAt).toBeGreaterThan(40);
  });
});
