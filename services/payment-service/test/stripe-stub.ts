import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

interface StubIntent {
  id: string;
  object: 'payment_intent';
  status: string;
  amount: number;
  amount_received: number;
  currency: string;
  metadata: Record<string, string>;
  last_payment_error: { decline_code: string } | null;
}

interface StubRefund {
  id: string;
  object: 'refund';
  status: string;
  amount: number;
  payment_intent: string;
  metadata: Record<string, string>;
}

interface Answer {
  status: number;
  body: unknown;
}

/** As much of Stripe's protocol as the adapter speaks: form bodies, idempotency keys, its errors, and its bad days. */
export interface StripeStub {
  url: string;
  intents: Map<string, StubIntent>;
  refunds: StubRefund[];
  /** What was asked, as `POST /v1/…`. */
  requests: string[];
  /** The next intents succeed with this amount instead of the one asked for. */
  captureInstead: number | undefined;
  refusesRefunds: boolean;
  /** Forgets idempotency keys, as Stripe does after a day. */
  forgetKeys(): void;
  stop(): Promise<void>;
}

export const STUB_METHODS = {
  captures: 'tok_visa',
  declines: 'tok_chargeDeclined',
  insufficient: 'tok_chargeDeclinedInsufficientFunds',
  unknown: 'tok_nobody',
  silentOnce: 'tok_silent',
  failsOnce: 'tok_fails',
};

class Stub implements StripeStub {
  url = '';
  readonly intents = new Map<string, StubIntent>();
  readonly refunds: StubRefund[] = [];
  readonly requests: string[] = [];
  captureInstead: number | undefined;
  refusesRefunds = false;
  readonly #answers = new Map<string, { fingerprint: string; answer: Answer }>();
  readonly #seen = new Set<string>();
  readonly #server = createServer((request, response) => void this.#serve(request, response));

  async start(): Promise<this> {
    this.#server.listen(0, '127.0.0.1');
    await once(this.#server, 'listening');
    this.url = `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
    return this;
  }

  forgetKeys(): void {
    this.#answers.clear();
  }

  async stop(): Promise<void> {
    this.#server.closeAllConnections();
    await new Promise<void>((resolve) => this.#server.close(() => resolve()));
  }

  async #serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk as Buffer);
    const path = request.url ?? '';
    this.requests.push(`${request.method} ${path.split('?')[0]}`);
    const form = new URLSearchParams(Buffer.concat(chunks).toString());
    const key = String(request.headers['idempotency-key'] ?? '');
    const answer = request.method === 'POST' ? this.#once(key, path, form) : this.#get(path);
    // Charged, and then no word.
    if (form.get('payment_method') === pmOf(STUB_METHODS.silentOnce) && !this.#seen.has(key)) {
      this.#seen.add(key);
      return;
    }
    response.writeHead(answer.status, { 'content-type': 'application/json' }).end(JSON.stringify(answer.body));
  }

  #once(key: string, path: string, form: URLSearchParams): Answer {
    const fingerprint = `${path} ${form}`;
    const known = this.#answers.get(key);
    if (known !== undefined && known.fingerprint !== fingerprint) return refusal(400, { type: 'idempotency_error' });
    if (known !== undefined) return known.answer;
    if (form.get('payment_method') === pmOf(STUB_METHODS.failsOnce) && !this.#seen.has(key)) {
      this.#seen.add(key);
      return refusal(500, { type: 'api_error' });
    }
    const answer = path.startsWith('/v1/payment_methods')
      ? createMethod(form)
      : path.startsWith('/v1/refunds')
        ? this.#refund(form)
        : this.#intent(path, form);
    // A request that Stripe does not begin to work on leaves its key free.
    if (answer.status !== 400) this.#answers.set(key, { fingerprint, answer });
    return answer;
  }

  #intent(path: string, form: URLSearchParams): Answer {
    const cancelled = /^\/v1\/payment_intents\/(\w+)\/cancel/.exec(path)?.[1];
    if (cancelled !== undefined) return this.#set(cancelled, 'canceled');
    const method = form.get('payment_method');
    const insufficient = method === pmOf(STUB_METHODS.insufficient);
    const declined = insufficient || method === pmOf(STUB_METHODS.declines);
    const amount = Number(form.get('amount'));
    const intent: StubIntent = {
      id: `pi_${this.intents.size + 1}`,
      object: 'payment_intent',
      status: declined ? 'requires_payment_method' : 'succeeded',
      amount,
      amount_received: declined ? 0 : (this.captureInstead ?? amount),
      currency: form.get('currency') ?? '',
      metadata: { payment_id: form.get('metadata[payment_id]') ?? '', order_id: form.get('metadata[order_id]') ?? '' },
      last_payment_error: null,
    };
    this.intents.set(intent.id, intent);
    if (!declined) return { status: 200, body: intent };
    const code = insufficient ? 'insufficient_funds' : 'generic_decline';
    return refusal(402, { type: 'card_error', code: 'card_declined', decline_code: code, payment_intent: intent });
  }

  #set(id: string, status: string): Answer {
    const intent = this.intents.get(id);
    if (intent === undefined) return refusal(404, { type: 'invalid_request_error', code: 'resource_missing' });
    intent.status = status;
    return { status: 200, body: intent };
  }

  #refund(form: URLSearchParams): Answer {
    if (this.refusesRefunds) return refusal(400, { type: 'invalid_request_error', code: 'insufficient_funds' });
    const intent = this.intents.get(form.get('payment_intent') ?? '');
    if (intent === undefined) return refusal(404, { type: 'invalid_request_error', code: 'resource_missing' });
    const amount = Number(form.get('amount'));
    const gone = this.refunds.filter((r) => r.payment_intent === intent.id).reduce((sum, r) => sum + r.amount, 0);
    if (gone + amount > intent.amount_received) {
      return refusal(400, { type: 'invalid_request_error', code: 'charge_already_refunded' });
    }
    const refund: StubRefund = {
      id: `re_${this.refunds.length + 1}`,
      object: 'refund',
      status: 'succeeded',
      amount,
      payment_intent: intent.id,
      metadata: { refund_key: form.get('metadata[refund_key]') ?? '' },
    };
    this.refunds.push(refund);
    return { status: 200, body: refund };
  }

  #get(path: string): Answer {
    if (path.startsWith('/v1/payment_intents/search')) {
      const query = new URL(path, 'http://stub').searchParams.get('query') ?? '';
      const data = [...this.intents.values()].filter(({ metadata }) => query.includes(`'${metadata.payment_id}'`));
      return { status: 200, body: { object: 'search_result', data, has_more: false } };
    }
    if (path.startsWith('/v1/refunds?')) {
      const charge = new URL(path, 'http://stub').searchParams.get('payment_intent');
      const data = this.refunds.filter((refund) => refund.payment_intent === charge);
      return { status: 200, body: { object: 'list', data, has_more: false } };
    }
    const refund = this.refunds.find(({ id }) => path === `/v1/refunds/${id}`);
    if (refund !== undefined) return { status: 200, body: refund };
    const intent = this.intents.get(path.split('/')[3] ?? '');
    return intent === undefined ? refusal(404, { type: 'invalid_request_error' }) : { status: 200, body: intent };
  }
}

function pmOf(token: string): string {
  return token.replace('tok_', 'pm_of_');
}

function createMethod(form: URLSearchParams): Answer {
  const token = form.get('card[token]') ?? '';
  if (token !== STUB_METHODS.unknown) return { status: 200, body: { id: pmOf(token), object: 'payment_method' } };
  const message = `No such token: '${token}'`;
  return refusal(400, { type: 'invalid_request_error', code: 'resource_missing', param: 'card[token]', message });
}

function refusal(status: number, error: Record<string, unknown>): Answer {
  return { status, body: { error: { message: 'refused by the stub', ...error } } };
}

export function startStripeStub(): Promise<StripeStub> {
  return new Stub().start();
}
