import { createLogger, createMetrics } from '@souk/service-runtime';
import { describe, expect, it } from 'vitest';
import { ROUTES } from '../routes.ts';
import { createAccessLog, toAccessLine } from './access-log.ts';
import type { Exchange } from './exchange.ts';

const route = ROUTES.find((one) => one.path === '/api/v1/products/{id}');
const AT = new Date('2026-11-22T12:00:00.000Z');

function anExchange(parts: object = {}): Exchange {
  return {
    request: { method: 'GET', headers: {} },
    response: { writableFinished: true, statusCode: 200 },
    requestId: '9d03042a-51b2-46b0-9691-8d142d328aef',
    traceId: '2bfc05cd2d7645aaa8329832e32a6a14',
    route,
    path: '/api/v1/products/tea-pot',
    userId: undefined,
    address: '192.0.2.1',
    startedMs: performance.now(),
    isProbe: false,
    ...parts,
  } as unknown as Exchange;
}

const lineOf = (parts: object = {}) =>
  JSON.parse(toAccessLine(anExchange(parts), { service: 'api-gateway', status: 200, elapsedMs: 1.26, at: AT }));

describe('the access log', () => {
  it('has one line of JSON for each answer, as the logger writes them', () => {
    expect(lineOf()).toEqual({
      level: 'info',
      time: '2026-11-22T12:00:00.000Z',
      service: 'api-gateway',
      requestId: '9d03042a-51b2-46b0-9691-8d142d328aef',
      traceId: '2bfc05cd2d7645aaa8329832e32a6a14',
      method: 'GET',
      path: '/api/v1/products/tea-pot',
      status: 200,
      elapsedMs: 1.3,
      upstream: 'product-service',
      address: '192.0.2.1',
      message: 'Answered',
    });
    expect(lineOf({ userId: 'ann', route: undefined })).toMatchObject({ userId: 'ann' });
    expect(lineOf({ route: undefined })).not.toHaveProperty('upstream');
  });

  it('shows no secret that a client put into its path or its request id, and stays one line', () => {
    const secret = 'eyJhbGciOiJFUzI1NiJ9.eyJzdWIiOiJhbm4ifQ.c2lnbmF0dXJl';
    const line = lineOf({
      path: `/api/v1/products/${secret}`,
      requestId: secret,
      request: { method: 'GET', headers: { 'x-request-id': secret } },
    });
    expect(JSON.stringify(line)).not.toContain(secret);
    expect(lineOf({ path: '/a"b\nc' }).path).toBe('/a"b\nc');
  });

  it('writes where the logger writes, when its level allows it; probes are not written', () => {
    const lines: string[] = [];
    const destination = { write: (line: string) => void lines.push(line) };
    const logTo = (level: string) =>
      createAccessLog({
        service: 'api-gateway',
        logger: createLogger({ service: 'api-gateway', level, format: 'json', destination }),
        metrics: createMetrics({ service: 'api-gateway', processMetrics: false }),
      });
    logTo('warn')(anExchange());
    logTo('info')(anExchange({ isProbe: true }));
    expect(lines).toEqual([]);
    logTo('info')(anExchange({ response: { writableFinished: false, statusCode: 200 } }));
    expect(lines.map((line) => JSON.parse(line).status)).toEqual([499]);
  });
});
