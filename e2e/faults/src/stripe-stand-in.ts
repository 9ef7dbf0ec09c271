import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { ProviderEntry } from './provider-books.ts';

/** What goes wrong when a charge or a refund is asked for the first time; a repeat is answered as it should be. */
export const MISBEHAVIOURS = [
  'silent before',
  'silent after',
  '500 before',
  '500 after',
  'reset after',
  'too many requests',
  'wrong amount',
] as const;
export type Misbehaviour = (typeof MISBEHAVIOURS)[number] | 'none';

interface Answer {
  status: number;
  body: Record<string, unknown>;
}

interface Asked {
  path: string;
  form: URLSearchParams;
  isWrong: boolean;
}

interface Intent {
  id: string;
  orderId: string;
  amount: number;
  currency: string;
}

/** As much of Stripe as a charge needs, with books of its own and bad days. */
export class StripeStandIn {
  url = '';
  /** Asked once for every key. */
  misbehave: (path: string) => Misbehaviour = () => 'none';
  /** Called when money has moved and before anybody knows. */
  onMoved: () => void = () => {};
  readonly #intents = new Map<string, Intent>();
  readonly #books = new Map<string, ProviderEntry>();
  readonly #answers = new Map<string, Answer>();
  readonly #asked = new Set<string>();
  readonly #server = createServer((request, response) => void this.#serve(request, response));

  static async start(): Promise<StripeStandIn> {
    const standIn = new StripeStandIn();
    standIn.#server.listen(0, '127.0.0.1');
    await once(standIn.#server, 'listening');
    standIn.url = `http://127.0.0.1:${(standIn.#server.address() as AddressInfo).port}`;
    return standIn;
  }

  async stop(): Promise<void> {
    this.#server.closeAllConnections();
    await new Promise<void>((resolve) => this.#server.close(() => resolve()));
  }

  /** What it has taken and given back, by order. */
  books(): ReadonlyMap<string, ProviderEntry> {
    return this.#books;
  }

  async #serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk as Buffer);
    const path = new URL(request.url ?? '', 'http://stripe').pathname;
    const form = new URLSearchParams(Buffer.concat(chunks).toString());
    const key = String(request.headers['idempotency-key'] ?? '');
    const isMoney = request.method === 'POST' && /^\/v1\/(payment_intents|refunds)$/.test(path);
    const isFirst = isMoney && !this.#asked.has(key);
    this.#asked.add(key);
    const bad = isFirst ? this.misbehave(path) : 'none';
    if (bad === 'silent before') return;
    if (bad === '500 before') return send(response, failure(500, 'api_error'));
    if (bad === 'too many requests') return send(response, failure(429, 'rate_limit_error'));
    const answer = this.#once(key, { path, form, isWrong: bad === 'wrong amount' });
    if (isFirst) this.onMoved();
    if (bad === 'silent after') return;
    if (bad === 'reset after') return void request.socket.resetAndDestroy();
    send(response, bad === '500 after' ? failure(500, 'api_error') : answer);
  }

  #once(key: string, asked: Asked): Answer {
    const known = this.#answers.get(key);
    if (known !== undefined && key !== '') return known;
    const answer = this.#act(asked);
    this.#answers.set(key, answer);
    return answer;
  }

  #act({ path, form, isWrong }: Asked): Answer {
    if (path === '/v1/payment_methods') return { status: 200, body: { id: `pm_${form.get('card[token]')}` } };
    if (path === '/v1/refunds') return this.#refund(form);
    if (path === '/v1/payment_intents') return this.#charge(form, isWrong);
    return failure(404, 'invalid_request_error');
  }

  #charge(form: URLSearchParams, isWrong: boolean): Answer {
    if (form.get('payment_method') === 'pm_tok_declined') return failure(402, 'card_error');
    const amount = Number(form.get('amount')) - (isWrong ? 1 : 0);
    const intent = {
      id: `pi_${this.#intents.size + 1}`,
      orderId: form.get('metadata[order_id]') ?? '',
      amount,
      currency: form.get('currency') ?? '',
    };
    this.#intents.set(intent.id, intent);
    const entry = this.#entryOf(intent.orderId);
    entry.charges += 1;
    entry.charged += amount;
    const { id, currency } = intent;
    return {
      status: 200,
      body: { id, object: 'payment_intent', status: 'succeeded', amount_received: amount, currency },
    };
  }

  #refund(form: URLSearchParams): Answer {
    const intent = this.#intents.get(form.get('payment_intent') ?? '');
    const amount = Number(form.get('amount'));
    if (intent === undefined) return failure(404, 'invalid_request_error');
    const entry = this.#entryOf(intent.orderId);
    if (entry.refunded + amount > entry.charged) return failure(400, 'invalid_request_error');
    entry.refunded += amount;
    return {
      status: 200,
      body: { id: `re_${intent.id}_${entry.refunded}`, object: 'refund', status: 'succeeded', amount },
    };
  }

  #entryOf(orderId: string): ProviderEntry {
    const entry = this.#books.get(orderId) ?? { charges: 0, charged: 0, refunded: 0 };
    this.#books.set(orderId, entry);
    return entry;
  }
}

function failure(status: number, type: string): Answer {
  return { status, body: { error: { type, code: 'card_declined', decline_code: 'generic_decline', message: 'No.' } } };
}

function send(response: ServerResponse, { status, body }: Answer): void {
  response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body));
}
