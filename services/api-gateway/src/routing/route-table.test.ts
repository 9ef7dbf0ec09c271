import { describe, expect, it } from 'vitest';
import { ROUTES } from '../routes.ts';
import { createRouteTable } from './route-table.ts';

const table = createRouteTable(ROUTES);
const pathOf = (method: string, path: string) => {
  const match = table.match(method, path);
  return match.kind === 'found' ? match.route.path : match.kind;
};

describe('the route table', () => {
  it('finds every route by its own path', () => {
    for (const route of ROUTES) {
      const path = route.path.replaceAll(/\{\w+\}/g, 'x');
      expect(table.match(route.method, path)).toEqual({ kind: 'found', route });
    }
  });

  it('prefers a literal segment to a parameter, and comes back where the literal leads nowhere', () => {
    expect(pathOf('GET', '/api/v1/users/me')).toBe('/api/v1/users/me');
    expect(pathOf('GET', '/api/v1/users/0198')).toBe('/api/v1/users/{id}');
    expect(pathOf('GET', '/api/v1/payments/webhooks')).toBe('/api/v1/payments/{id}');
    expect(pathOf('POST', '/api/v1/payments/webhooks/refunds')).toBe('/api/v1/payments/{id}/refunds');
  });

  it('answers HEAD as GET', () => {
    expect(pathOf('HEAD', '/api/v1/products')).toBe('/api/v1/products');
  });

  it('names the methods of a path that exists', () => {
    expect(table.match('TRACE', '/api/v1/products/x')).toEqual({
      kind: 'method-not-allowed',
      allow: 'DELETE, GET, HEAD, PATCH',
    });
  });

  it.each([
    '/api/v1',
    '/api/v1/',
    '/api/v1/products/',
    '/api/v1//products',
    '/api/v1/Products',
    '/api/v1/%70roducts',
    '/api/v1/products;x=1',
    '/api/v2/products',
    '/internal/orders/x',
    '/api/v1/internal/orders/x',
    '/api/v1/operations/user-service/dead-letters',
    '/metrics',
    '/readyz',
  ])('knows nothing of %s', (path) => {
    expect(table.match('GET', path)).toEqual({ kind: 'not-found' });
  });
});
