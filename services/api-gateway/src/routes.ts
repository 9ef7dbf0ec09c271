/** The services behind the gateway. */
export type Upstream =
  | 'user-service'
  | 'product-service'
  | 'order-service'
  | 'payment-service'
  | 'notification-service';

/**
 * `anyone`: Authorization is ignored. `token`: the gateway checks the access token; the service checks it again, and the
 * role, because its port reached directly must be no way in.
 */
export type RouteAccess = 'anyone' | 'token';

export interface Route {
  method: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';
  /** As the service serves it: the gateway never rewrites more than inserting the version. */
  path: string;
  upstream: Upstream;
  access: RouteAccess;
  /** May answer with server-sent events, which have no deadline. */
  streams?: true;
  /** The service keeps Idempotency-Keys here, so that a call with one may be made twice. */
  keyed?: true;
}

/** Below `/api/v1`; `/api/<resource>` is the current version too. */
export const API_PREFIX = '/api/v1';

type Line = readonly [method: Route['method'], path: string, access: RouteAccess];

const USERS: readonly Line[] = [
  ['POST', '/users', 'anyone'],
  ['GET', '/users', 'token'],
  ['POST', '/users/login', 'anyone'],
  ['POST', '/users/refresh', 'anyone'],
  ['POST', '/users/logout', 'token'],
  ['POST', '/users/password-reset', 'anyone'],
  ['POST', '/users/password-reset/confirm', 'anyone'],
  ['GET', '/users/me', 'token'],
  ['PATCH', '/users/me', 'token'],
  ['DELETE', '/users/me', 'token'],
  ['PUT', '/users/me/password', 'token'],
  ['GET', '/users/me/sessions', 'token'],
  ['DELETE', '/users/me/sessions/{id}', 'token'],
  ['GET', '/users/me/addresses', 'token'],
  ['POST', '/users/me/addresses', 'token'],
  ['GET', '/users/me/addresses/{id}', 'token'],
  ['PUT', '/users/me/addresses/{id}', 'token'],
  ['DELETE', '/users/me/addresses/{id}', 'token'],
  ['GET', '/users/{id}', 'token'],
  ['PATCH', '/users/{id}', 'token'],
];

const PRODUCTS: readonly Line[] = [
  ['GET', '/products', 'anyone'],
  ['POST', '/products', 'token'],
  ['GET', '/products/{id}', 'anyone'],
  ['PATCH', '/products/{id}', 'token'],
  ['DELETE', '/products/{id}', 'token'],
  ['GET', '/products/{id}/inventory', 'token'],
  ['PUT', '/products/{id}/inventory', 'token'],
  ['POST', '/products/{id}/inventory/adjustments', 'token'],
  ['GET', '/products/{id}/inventory/movements', 'token'],
  ['GET', '/categories', 'anyone'],
  ['POST', '/categories', 'token'],
  ['PATCH', '/categories/{slug}', 'token'],
  ['DELETE', '/categories/{slug}', 'token'],
];

const ORDERS: readonly Line[] = [
  ['GET', '/cart', 'token'],
  ['DELETE', '/cart', 'token'],
  ['PUT', '/cart/items/{productId}', 'token'],
  ['DELETE', '/cart/items/{productId}', 'token'],
  ['POST', '/orders', 'token'],
  ['GET', '/orders', 'token'],
  ['GET', '/orders/{id}', 'token'],
  ['PATCH', '/orders/{id}', 'token'],
  ['GET', '/orders/{id}/events', 'token'],
  ['POST', '/orders/{id}/cancel', 'token'],
  ['POST', '/orders/{id}/ship', 'token'],
  ['POST', '/orders/{id}/deliver', 'token'],
];

const PAYMENTS: readonly Line[] = [
  ['POST', '/payments', 'token'],
  ['GET', '/payments', 'token'],
  ['GET', '/payments/{id}', 'token'],
  ['POST', '/payments/{id}/refunds', 'token'],
  ['GET', '/payments/{id}/refunds', 'token'],
  ['POST', '/payments/webhooks/stripe', 'anyone'],
];

/** The services that consume events, and so have dead letters. */
export const OPERATED: readonly Upstream[] = [
  'order-service',
  'product-service',
  'payment-service',
  'notification-service',
];

const deadLetters = (service: Upstream): readonly Line[] => [
  ['GET', `/operations/${service}/dead-letters`, 'token'],
  ['POST', `/operations/${service}/dead-letters/redrive`, 'token'],
  ['GET', `/operations/${service}/dead-letters/{id}`, 'token'],
  ['DELETE', `/operations/${service}/dead-letters/{id}`, 'token'],
  ['POST', `/operations/${service}/dead-letters/{id}/redrive`, 'token'],
];

const STREAMING: ReadonlySet<string> = new Set(['GET /orders/{id}/events']);
const KEYED: ReadonlySet<string> = new Set(['POST /orders', 'POST /payments', 'POST /payments/{id}/refunds']);

function below(upstream: Upstream, lines: readonly Line[]): Route[] {
  return lines.map(([method, path, access]) => ({
    method,
    path: API_PREFIX + path,
    upstream,
    access,
    ...(STREAMING.has(`${method} ${path}`) ? { streams: true } : {}),
    ...(KEYED.has(`${method} ${path}`) ? { keyed: true } : {}),
  }));
}

/**
 * Everything the gateway passes on, and to whom. What stands here exists; everything else is 404 at the edge, `/internal`
 * above all. A test holds the table to the services' own OpenAPI documents.
 */
export const ROUTES: readonly Route[] = [
  ...below('user-service', USERS),
  ...below('product-service', PRODUCTS),
  ...below('order-service', ORDERS),
  ...below('payment-service', PAYMENTS),
  ...OPERATED.flatMap((service) => below(service, deadLetters(service))),
  { method: 'GET', path: '/.well-known/jwks.json', upstream: 'user-service', access: 'anyone' },
  // The seeded pictures; `{file}` is one segment.
  { method: 'GET', path: '/media/{file}', upstream: 'product-service', access: 'anyone' },
  { method: 'GET', path: '/media/{folder}/{file}', upstream: 'product-service', access: 'anyone' },
];
