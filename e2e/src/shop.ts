import { randomUUID } from 'node:crypto';
import { waitFor } from '@souk/testing';
import { checkedFetch } from './checked-fetch.ts';
import type { Platform } from './platform.ts';

/** All that a customer needs of a platform: its public door. */
export type PublicDoor = Pick<Platform, 'gatewayUrl'>;

export interface Answer<T = unknown> {
  status: number;
  headers: Headers;
  body: T;
}

export interface RequestOptions {
  method?: string;
  token?: string | undefined;
  body?: unknown;
  headers?: Record<string, string>;
  /** Base instead of the gateway's. */
  base?: string;
}

export interface Money {
  amount: number;
  currency: string;
}

export interface Product {
  id: string;
  sku: string;
  slug: string;
  name: string;
  price: Money;
  available: number;
  version: number;
}

export interface Order {
  id: string;
  status: 'pending' | 'completed' | 'cancelled';
  paymentStatus: string;
  fulfillmentStatus: string;
  items: { productId: string; quantity: number; unitPrice: Money; lineTotal: Money }[];
  total: Money;
  cancelReason: string | null;
  version: number;
}

export interface TimelineEntry {
  sequence: number;
  at: string;
  type: string;
  data: Record<string, unknown>;
}

export interface Page<T> {
  items: T[];
  nextCursor: string | null;
  total: number;
}

export interface PlaceOrder {
  items?: { productId: string; quantity: number }[];
  paymentMethod?: string;
  key?: string;
}

/** The shop answered with something that the story did not expect. */
export class UnexpectedAnswerError extends Error {
  readonly answer: Answer;
  constructor(request: string, answer: Answer) {
    super(`${request} was answered with ${answer.status}: ${JSON.stringify(answer.body)}`);
    this.name = 'UnexpectedAnswerError';
    this.answer = answer;
  }
}

export const DEMO_PASSWORD = 'correct-horse-battery';

export const AN_ADDRESS = {
  name: 'Ada Lovelace',
  line1: '12 Analytical Way',
  city: 'London',
  postalCode: 'W1A 1AA',
  country: 'GB',
};

/** One request to the platform, without any expectation of its answer. */
export async function send<T>(platform: PublicDoor, path: string, options: RequestOptions = {}): Promise<Answer<T>> {
  const { token, body, base = platform.gatewayUrl } = options;
  const send = base === platform.gatewayUrl ? checkedFetch : fetch;
  const response = await send(`${base}${path}`, {
    method: options.method ?? (body === undefined ? 'GET' : 'POST'),
    headers: {
      ...(token === undefined ? {} : { authorization: `Bearer ${token}` }),
      ...(body === undefined ? {} : { 'content-type': 'application/json' }),
      ...options.headers,
    },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    signal: AbortSignal.timeout(30_000),
  });
  const text = await response.text();
  const isJson = response.headers.get('content-type')?.includes('json') ?? false;
  return { status: response.status, headers: response.headers, body: (isJson ? JSON.parse(text) : text) as T };
}

/** A person with an account, or without one, who uses the shop through the gateway. */
export class Customer {
  readonly platform: PublicDoor;
  readonly email: string;
  accessToken: string | undefined;
  refreshToken: string | undefined;

  constructor(platform: PublicDoor, email = '') {
    this.platform = platform;
    this.email = email;
  }

  /** Sends a request and expects one of the 2xx, or exactly `status`. */
  async expect<T>(path: string, options: RequestOptions & { status?: number } = {}): Promise<Answer<T>> {
    const answer = await send<T>(this.platform, path, { token: this.accessToken, ...options });
    const isFine = options.status === undefined ? answer.status < 300 : answer.status === options.status;
    if (!isFine) throw new UnexpectedAnswerError(`${options.method ?? 'Request of'} ${path}`, answer);
    return answer;
  }

  async logIn(password = DEMO_PASSWORD): Promise<this> {
    const { body } = await this.expect<{ accessToken: string; refreshToken: string }>('/api/v1/users/login', {
      body: { email: this.email, password },
      token: undefined,
    });
    this.accessToken = body.accessToken;
    this.refreshToken = body.refreshToken;
    return this;
  }

  async products(query = ''): Promise<Page<Product>> {
    return (await this.expect<Page<Product>>(`/api/v1/products${query}`)).body;
  }

  async product(id: string): Promise<Product> {
    return (await this.expect<Product>(`/api/v1/products/${id}`)).body;
  }

  /** Sends an order and answers whatever came back. */
  tryOrder({ key = randomUUID(), ...order }: PlaceOrder): Promise<Answer<Order>> {
    return send<Order>(this.platform, '/api/v1/orders', {
      token: this.accessToken,
      headers: { 'idempotency-key': key },
      body: { shippingAddress: AN_ADDRESS, ...order },
    });
  }

  async placeOrder(order: PlaceOrder): Promise<Order> {
    const answer = await this.tryOrder(order);
    if (answer.status !== 201) throw new UnexpectedAnswerError('POST /orders', answer);
    return answer.body;
  }

  async order(id: string): Promise<Order> {
    return (await this.expect<Order>(`/api/v1/orders/${id}`)).body;
  }

  async timeline(orderId: string): Promise<TimelineEntry[]> {
    return (await this.expect<Page<TimelineEntry>>(`/api/v1/orders/${orderId}/events?limit=100`)).body.items;
  }

  /** Waits until the order has this status, and answers it. */
  async orderIn(status: Order['status'], id: string, timeoutMs = 30_000): Promise<Order> {
    return waitFor(
      async () => {
        const order = await this.order(id);
        if (order.status !== status) throw new OrderNotThereYetError(order);
        return order;
      },
      { timeoutMs, everyMs: 50, what: `Order ${id} in status ${status}` },
    );
  }
}

class OrderNotThereYetError extends Error {
  constructor(order: Order) {
    super(`it is ${order.status}, payment ${order.paymentStatus}`);
    this.name = 'OrderNotThereYetError';
  }
}

let registered = 0;

/** A new account, logged in. */
export async function aCustomer(platform: PublicDoor, name = 'Ada Lovelace'): Promise<Customer> {
  registered += 1;
  const customer = new Customer(platform, `customer-${registered}-${randomUUID().slice(0, 8)}@example.test`);
  await customer.expect('/api/v1/users', {
    body: { email: customer.email, password: DEMO_PASSWORD, name },
    status: 201,
  });
  return customer.logIn();
}

/** The administrator of the demonstration data, logged in. */
export function anAdministrator(platform: PublicDoor): Promise<Customer> {
  return new Customer(platform, 'admin@souk.example').logIn();
}
