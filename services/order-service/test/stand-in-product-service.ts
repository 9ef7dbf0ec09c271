import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

export interface StandInProduct {
  sku: string;
  name: string;
  price: number;
  stock: number;
  deleted?: boolean;
}

interface StandInReservation {
  status: 'active' | 'committed' | 'released' | 'restocked';
  expiresAt: string;
  items: { productId: string; quantity: number }[];
}

/**
 * A small real HTTP server that keeps product-service's side of the contract (API.md): reservations are idempotent by
 * order id, an unknown id that is deleted stays closed, too little stock reserves nothing.
 */
export interface StandInProductService {
  url: string;
  products: Map<string, StandInProduct>;
  reservations: Map<string, StandInReservation>;
  /** Every request, as `METHOD path`. */
  requests: string[];
  /** Called before a request is worked on; a status it returns is answered instead. */
  intercept: ((method: string, path: string) => number | undefined | Promise<number | undefined>) | undefined;
  reservationTtlMs: number;
  available(productId: string): number;
  stop(): Promise<void>;
}

interface Answer {
  status: number;
  body?: unknown;
}

export async function startStandInProductService(): Promise<StandInProductService> {
  const server = createServer((request, response) => void serve(request, response));
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const state: StandInProductService = {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    products: new Map(),
    reservations: new Map(),
    requests: [],
    intercept: undefined,
    reservationTtlMs: 900_000,
    available(productId) {
      const taken = [...state.reservations.values()]
        .filter(({ status }) => status === 'active' || status === 'committed')
        .flatMap(({ items }) => items)
        .filter((item) => item.productId === productId)
        .reduce((sum, item) => sum + item.quantity, 0);
      return (state.products.get(productId)?.stock ?? 0) - taken;
    },
    stop: async () => {
      server.closeAllConnections();
      await new Promise<void>((resolve) => server.close(() => resolve()));
    },
  };

  async function serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk as Buffer);
    const body: unknown = chunks.length > 0 ? JSON.parse(Buffer.concat(chunks).toString()) : undefined;
    const { method = 'GET', url = '/' } = request;
    state.requests.push(`${method} ${url}`);
    const status = await state.intercept?.(method, url);
    const answer = status === undefined ? answerTo(state, { method, url, body }) : problem(status, 'unavailable');
    if (response.destroyed) return;
    const type = answer.status < 400 ? 'application/json' : 'application/problem+json';
    response.writeHead(answer.status, { 'content-type': type });
    response.end(answer.body === undefined ? undefined : JSON.stringify(answer.body));
  }
  return state;
}

function answerTo(state: StandInProductService, request: { method: string; url: string; body: unknown }): Answer {
  const { pathname, searchParams } = new URL(request.url, 'http://localhost');
  if (pathname === '/internal/products') return listProducts(state, searchParams.get('ids') ?? '');
  if (pathname === '/internal/reservations/settle') return settle(state, request.body);
  const orderId = pathname.split('/')[3] ?? '';
  if (request.method === 'PUT') return reserve(state, orderId, request.body);
  if (request.method === 'DELETE') return release(state, orderId);
  return problem(404, 'not-found');
}

function problem(status: number, code: string, errors?: { pointer: string; detail: string }[]): Answer {
  return {
    status,
    body: { type: `/problems/${code}`, title: code, status, detail: code, instance: '/', traceId: '0', errors },
  };
}

function listProducts(state: StandInProductService, ids: string): Answer {
  const items = ids.split(',').flatMap((id) => {
    const product = state.products.get(id);
    if (!product || product.deleted) return [];
    return [
      {
        id,
        sku: product.sku,
        name: product.name,
        price: { amount: product.price, currency: 'EUR' },
        available: state.available(id),
      },
    ];
  });
  return { status: 200, body: { items } };
}

function reserve(state: StandInProductService, orderId: string, body: unknown): Answer {
  const { items } = body as { items: { productId: string; quantity: number }[] };
  const known = state.reservations.get(orderId);
  if (known)
    return known.status === 'active' ? toReservation(state, orderId, known) : problem(409, 'reservation-closed');
  const errorsWhere = (isBad: (item: { productId: string; quantity: number }) => boolean, field: string) =>
    items.flatMap((item, index) => (isBad(item) ? [{ pointer: `/items/${index}/${field}`, detail: 'no' }] : []));
  const unknown = errorsWhere(
    ({ productId }) => state.products.get(productId)?.deleted ?? !state.products.has(productId),
    'productId',
  );
  if (unknown.length > 0) return problem(422, 'validation', unknown);
  const short = errorsWhere(({ productId, quantity }) => state.available(productId) < quantity, 'quantity');
  if (short.length > 0) return problem(409, 'out-of-stock', short);
  const expiresAt = new Date(Date.now() + state.reservationTtlMs).toISOString();
  const reservation: StandInReservation = { status: 'active', expiresAt, items };
  state.reservations.set(orderId, reservation);
  return toReservation(state, orderId, reservation);
}

function toReservation(state: StandInProductService, orderId: string, reservation: StandInReservation): Answer {
  const items = reservation.items.map(({ productId, quantity }) => {
    const { sku, name, price } = state.products.get(productId) ?? { sku: '', name: '', price: 0 };
    return { productId, sku, name, quantity, unitPrice: { amount: price, currency: 'EUR' } };
  });
  const amount = items.reduce((sum, { quantity, unitPrice }) => sum + quantity * unitPrice.amount, 0);
  const { status, expiresAt } = reservation;
  return { status: 200, body: { orderId, status, expiresAt, items, total: { amount, currency: 'EUR' } } };
}

function release(state: StandInProductService, orderId: string): Answer {
  const known = state.reservations.get(orderId);
  if (!known) state.reservations.set(orderId, { status: 'released', expiresAt: new Date().toISOString(), items: [] });
  else if (known.status === 'active') known.status = 'released';
  else if (known.status === 'committed') known.status = 'restocked';
  return { status: 204 };
}

function settle(state: StandInProductService, body: unknown): Answer {
  const { commit, release: released } = body as { commit: string[]; release: string[] };
  for (const orderId of commit) {
    const known = state.reservations.get(orderId);
    if (known?.status === 'active') known.status = 'committed';
  }
  for (const orderId of released) release(state, orderId);
  const items = [...commit, ...released].flatMap((orderId) => {
    const known = state.reservations.get(orderId);
    return known ? [{ orderId, status: known.status }] : [];
  });
  return { status: 200, body: { items } };
}
