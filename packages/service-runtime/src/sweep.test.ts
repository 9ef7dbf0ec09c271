import { pino } from 'pino';
import { describe, expect, it, vi } from 'vitest';
import { createMetrics } from './metrics.ts';
import { createSweep } from './sweep.ts';

const logger = pino({ level: 'silent' });

function aSweep(run: (signal: AbortSignal) => Promise<void>, intervalMs = 10) {
  const metrics = createMetrics({ service: 'test-service', processMetrics: false });
  return { metrics, sweep: createSweep({ name: 'expiry', intervalMs, run, logger, metrics }) };
}

describe('a sweep', () => {
  it('repeats without overlap, also after an error', async () => {
    let running = 0;
    let runs = 0;
    const { metrics, sweep } = aSweep(async () => {
      running += 1;
      expect(running).toBe(1);
      await new Promise((resolve) => setTimeout(resolve, 5));
      running -= 1;
      runs += 1;
      if (runs === 1) throw new RangeError('once');
    });
    await sweep.start();
    await vi.waitFor(() => expect(runs).toBeGreaterThan(3), { timeout: 10_000 });
    await sweep.stop();
    const stoppedAt = runs;
    await new Promise((resolve) => setTimeout(resolve, 50));
    expect(runs).toBe(stoppedAt);
    const text = await metrics.registry.metrics();
    expect(text).toContain('souk_sweep_runs_total{sweep="expiry",outcome="error",service="test-service"} 1');
  });

  it('runs soon when woken, once more when woken during a run', async () => {
    let runs = 0;
    const { sweep } = aSweep(async () => {
      runs += 1;
      if (runs === 1) sweep.wake();
    }, 3_600_000);
    sweep.wake();
    await vi.waitFor(() => expect(runs).toBe(2), { timeout: 10_000 });
    await sweep.stop();
  });

  it('waits for the run in hand when it is stopped, and tells it', async () => {
    let begun = false;
    let ended = false;
    const { sweep } = aSweep(async (signal) => {
      begun = true;
      await new Promise((resolve) => signal.addEventListener('abort', resolve));
      ended = true;
    });
    sweep.wake();
    await expect.poll(() => begun).toBe(true);
    await sweep.stop();
    expect(ended).toBe(true);
  });
});
