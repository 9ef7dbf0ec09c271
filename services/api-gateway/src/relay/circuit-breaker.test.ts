import { beforeEach, describe, expect, it } from 'vitest';
import { type CircuitBreaker, createCircuitBreaker } from './circuit-breaker.ts';

let breaker: CircuitBreaker;
let changes: boolean[];
beforeEach(() => {
  changes = [];
  breaker = createCircuitBreaker({ random: () => 1, onChange: (open) => void changes.push(open) });
});

const fail = (count: number, nowMs: number) => {
  for (let call = 0; call < count; call += 1) breaker.failed('call', nowMs);
};

describe('the circuit breaker', () => {
  it('stays closed for a few failures, and for many among more answers', () => {
    fail(4, 0);
    expect(breaker.tryPass(0)).toBe('call');
    for (let call = 0; call < 60; call += 1) breaker.succeeded('call', 0);
    fail(50, 0);
    expect(breaker.isOpen()).toBe(false);
  });

  it('opens when half of the calls of the last ten seconds failed, and forgets what is older', () => {
    fail(4, 0);
    fail(1, 11_000);
    expect(breaker.isOpen()).toBe(false);
    fail(4, 12_000);
    expect(breaker.tryPass(12_001)).toBeUndefined();
    expect(changes).toEqual([true]);
  });

  it('lets one probe through after its rest, and closes when that one is answered', () => {
    fail(5, 0);
    expect(breaker.retryInMs(0)).toBe(1_000);
    expect(breaker.tryPass(999)).toBeUndefined();
    expect(breaker.tryPass(1_000)).toBe('probe');
    expect(breaker.tryPass(1_000)).toBeUndefined();
    breaker.succeeded('probe', 1_100);
    expect(breaker.tryPass(1_100)).toBe('call');
    expect(changes).toEqual([true, false]);
  });

  it('rests longer after each failed probe, at most five seconds', () => {
    fail(5, 0);
    let nowMs = 0;
    const rests: number[] = [];
    for (let probe = 0; probe < 4; probe += 1) {
      rests.push(breaker.retryInMs(nowMs));
      nowMs += breaker.retryInMs(nowMs);
      expect(breaker.tryPass(nowMs)).toBe('probe');
      breaker.failed('probe', nowMs);
    }
    expect(rests).toEqual([1_000, 2_000, 4_000, 5_000]);
  });

  it('probes again when the client of a probe left', () => {
    fail(5, 0);
    expect(breaker.tryPass(1_000)).toBe('probe');
    breaker.abandoned('probe');
    expect(breaker.tryPass(1_001)).toBe('probe');
  });

  it('does not rest longer for calls that were under way when it opened', () => {
    fail(5, 0);
    fail(20, 900);
    expect(breaker.tryPass(1_000)).toBe('probe');
  });
});
