import { describe, expect, it } from 'vitest';
import { createHealth, HealthCheckError } from './health.ts';

describe('health', () => {
  it('is live while the event loop turns and ready while every check passes', async () => {
    const health = createHealth();
    health.addCheck('schema', () => {});
    expect(health.live()).toBe(true);
    expect(await health.readiness()).toEqual({ ready: true, checks: { schema: 'ok' } });
    health.stop();
  });

  it('tells why it is not ready, but no secrets of a driver', async () => {
    const health = createHealth();
    health.addCheck('schema', () => Promise.reject(new HealthCheckError('too old')));
    health.addCheck('driver', () => {
      throw new TypeError('password of postgres://app:canary@db is wrong');
    });
    health.addCheck('silent', () => new Promise(() => {}));
    expect(await health.readiness()).toEqual({
      ready: false,
      checks: { schema: 'too old', driver: 'failed', silent: 'no answer within 1000 ms' },
    });
    health.stop();
  });

  it('is not ready while it stops', async () => {
    const health = createHealth();
    health.draining = true;
    expect(await health.readiness()).toEqual({ ready: false, checks: { lifecycle: 'stopping' } });
    health.stop();
  });
});
