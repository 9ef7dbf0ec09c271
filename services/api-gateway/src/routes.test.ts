import { describe, expect, it } from 'vitest';
import openApiDocument from '../openapi.json' with { type: 'json' };
import { API_PREFIX, ROUTES } from './routes.ts';

/** `GET /api/v1/products/{}`: parameters have different names in different places. */
const shapeOf = (method: string, path: string) => `${method.toUpperCase()} ${path.replaceAll(/\{\w+\}/g, '{}')}`;

/** payment-service has it only with the provider `stripe`, and its document is that of the sandbox. */
const WEBHOOK = 'POST /api/v1/payments/webhooks/stripe';

interface Documented {
  security: unknown[];
  parameters?: { name: string; required?: boolean }[];
}

const documented = Object.entries(openApiDocument.paths as Record<string, Record<string, Documented>>)
  .flatMap(([path, operations]) =>
    Object.entries(operations).map(([method, operation]) => ({
      shape: shapeOf(method, path),
      access: operation.security.length === 0 ? 'anyone' : 'token',
      keyed: operation.parameters?.some(({ name }) => name === 'Idempotency-Key') ?? false,
    })),
  )
  .filter(({ shape }) => shape !== WEBHOOK)
  .sort((left, right) => (left.shape < right.shape ? -1 : 1));

describe('the table of routes', () => {
  it('has exactly the routes that the services document, with the same access and the same need of a key', () => {
    const routed = ROUTES.filter((route) => route.path.startsWith(API_PREFIX))
      .map(({ method, path, access, keyed = false }) => ({ shape: shapeOf(method, path), access, keyed }))
      .filter(({ shape }) => shape !== WEBHOOK)
      .sort((left, right) => (left.shape < right.shape ? -1 : 1));
    expect(routed).toEqual(documented);
  });

  it('passes the provider’s webhook on without a token: the service checks its signature', () => {
    const webhook = ROUTES.find((route) => shapeOf(route.method, route.path) === WEBHOOK);
    expect(webhook).toMatchObject({ upstream: 'payment-service', access: 'anyone' });
  });

  it('passes nothing internal on', () => {
    expect(ROUTES.filter((route) => route.path.includes('/internal'))).toEqual([]);
  });
});
