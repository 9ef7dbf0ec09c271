import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { AN_ADDRESS, type Customer, type Order } from '../../src/index.ts';

export type Outcome = 'ok' | 'fail' | 'unknown';

/** What one client did and what it knows of the result; a timeout, a reset and a 5xx are unknown. */
export interface Operation {
  kind: 'order' | 'cancel' | 'pay';
  key: string;
  customer: Customer;
  productId: string;
  paymentMethod: string | undefined;
  outcome: Outcome;
  status: number;
  slug: string;
  orderId: string | undefined;
  /** The body of the first answer that decided, to be repeated byte by byte. */
  body: string | undefined;
  startedAt: number;
  tookMs: number;
}

export interface ShopperOptions {
  customers: readonly Customer[];
  productIds: readonly string[];
  paymentMethods: readonly (string | undefined)[];
  random: () => number;
  /** How often an order is cancelled at once, from 0 to 1. */
  cancelRatio?: number;
}

/** The gateway's deadline and a second for the way. */
const PATIENCE_MS = 11_000;

export interface SentAnswer {
  outcome: Outcome;
  status: number;
  slug: string;
  text: string;
  replayed: boolean;
  retryAfter: string | null;
}

/** One write by a client that gives up in time. */
export async function sendWrite(
  customer: Customer,
  path: string,
  { body, key, method = 'POST' }: { body?: unknown; key?: string; method?: string } = {},
): Promise<SentAnswer> {
  try {
    const response = await fetch(`${customer.platform.gatewayUrl}${path}`, {
      method,
      headers: {
        authorization: `Bearer ${customer.accessToken}`,
        ...(body === undefined ? {} : { 'content-type': 'application/json' }),
        ...(key === undefined ? {} : { 'idempotency-key': key }),
      },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      signal: AbortSignal.timeout(PATIENCE_MS),
    });
    const text = await response.text();
    const { status } = response;
    const slug = /"type":"\/problems\/([a-z-]+)"/.exec(text.slice(0, 200))?.[1] ?? '';
    const undecided = status >= 500 || slug === 'idempotency-in-progress' || status === 401;
    const outcome = undecided ? 'unknown' : status < 300 ? 'ok' : 'fail';
    const replayed = response.headers.get('idempotent-replayed') === 'true';
    return { outcome, status, slug, text, replayed, retryAfter: response.headers.get('retry-after') };
  } catch {
    return { outcome: 'unknown', status: 0, slug: '', text: '', replayed: false, retryAfter: null };
  }
}

export function orderBody(productId: string, paymentMethod: string | undefined) {
  const items = [{ productId, quantity: 1 }];
  return { items, shippingAddress: AN_ADDRESS, ...(paymentMethod === undefined ? {} : { paymentMethod }) };
}

/** People who place and cancel orders until told to stop, and remember everything. */
export class Shoppers {
  readonly operations: Operation[] = [];
  readonly #options: ShopperOptions;
  #stopped = false;
  #running: Promise<unknown> = Promise.resolve();

  constructor(options: ShopperOptions) {
    this.#options = options;
  }

  start(count: number, pauseMs = 20): void {
    this.#stopped = false;
    this.#running = Promise.all(Array.from({ length: count }, () => this.#shop(pauseMs)));
  }

  async stop(): Promise<void> {
    this.#stopped = true;
    await this.#running;
  }

  async #shop(pauseMs: number): Promise<void> {
    while (!this.#stopped) {
      const order = await this.order();
      const { cancelRatio = 0, random } = this.#options;
      if (order.outcome === 'ok' && random() < cancelRatio) await this.cancel(order);
      await sleep(order.outcome === 'unknown' ? pauseMs + 100 : pauseMs);
    }
  }

  async order(): Promise<Operation> {
    const { customers, productIds, paymentMethods, random } = this.#options;
    const pick = <T>(items: readonly T[]) => items[Math.floor(random() * items.length)] as T;
    const operation: Operation = {
      kind: 'order',
      key: randomUUID(),
      customer: pick(customers),
      productId: pick(productIds),
      paymentMethod: pick(paymentMethods),
      outcome: 'unknown',
      status: 0,
      slug: '',
      orderId: undefined,
      body: undefined,
      startedAt: Date.now(),
      tookMs: 0,
    };
    this.operations.push(operation);
    await tryOrder(operation);
    return operation;
  }

  async cancel(order: Operation): Promise<void> {
    const operation: Operation = {
      ...order,
      kind: 'cancel',
      outcome: 'unknown',
      startedAt: Date.now(),
      body: undefined,
    };
    this.operations.push(operation);
    const sent = await sendWrite(order.customer, `/api/v1/orders/${order.orderId}/cancel`);
    operation.outcome = sent.outcome;
    operation.status = sent.status;
    operation.slug = sent.slug;
    operation.tookMs = Date.now() - operation.startedAt;
  }

  get orders(): Operation[] {
    return this.operations.filter(({ kind }) => kind === 'order');
  }
}

async function tryOrder(operation: Operation): Promise<void> {
  const { customer, key, productId, paymentMethod } = operation;
  const startedAt = Date.now();
  const sent = await sendWrite(customer, '/api/v1/orders', { key, body: orderBody(productId, paymentMethod) });
  operation.outcome = sent.outcome;
  operation.status = sent.status;
  operation.slug = sent.slug;
  operation.tookMs = Date.now() - startedAt;
  if (sent.outcome === 'unknown') return;
  operation.body = sent.text;
  if (sent.outcome === 'ok') operation.orderId = (JSON.parse(sent.text) as Order).id;
}

/** Repeats what is unknown with its own key until it is decided; answers what never was. */
export async function decideUnknowns(orders: readonly Operation[], timeoutMs = 65_000): Promise<string[]> {
  const deadline = Date.now() + timeoutMs;
  const left = orders.filter(({ outcome }) => outcome === 'unknown');
  const undecided: string[] = [];
  const work = async () => {
    for (let next = left.pop(); next !== undefined; next = left.pop()) {
      while (next.outcome === 'unknown' && Date.now() < deadline) {
        await tryOrder(next);
        if (next.outcome === 'unknown') await sleep(200);
      }
      if (next.outcome === 'unknown') undecided.push(`order with key ${next.key} stayed ${next.status} ${next.slug}`);
    }
  };
  await Promise.all(Array.from({ length: 8 }, work));
  return undecided;
}

/** Repeats decided orders with their keys; answers a sentence for each that was answered otherwise. */
export async function checkReplays(orders: readonly Operation[], count: number): Promise<string[]> {
  const decided = orders.filter(({ body }) => body !== undefined).slice(0, count);
  const problems: string[] = [];
  for (const { customer, key, productId, paymentMethod, body, status } of decided) {
    const sent = await sendWrite(customer, '/api/v1/orders', { key, body: orderBody(productId, paymentMethod) });
    if (sent.status !== status || sent.text !== body) {
      problems.push(`key ${key}: ${status} ${body?.slice(0, 200)} became ${sent.status} ${sent.text.slice(0, 200)}`);
    } else if (!sent.replayed) problems.push(`key ${key}: the repeated ${status} is not marked`);
  }
  return problems;
}
