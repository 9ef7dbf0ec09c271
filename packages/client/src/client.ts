import type { Answer } from './answer.ts';
import { ClientError, isProblem } from './client-error.ts';
import { createDeadline } from './deadline.ts';
import { OPERATIONS, type OperationId, type Operations, type TimelineEntry, type Tokens } from './generated/api.ts';
import { type RequestParts, toHttpRequest } from './http-request.ts';
import { Session, type SessionTokens } from './session.ts';
import { followTimeline, type TimelineOptions } from './timeline.ts';
import { type CallLimits, createTransport, type Transport } from './transport.ts';

export interface ClientOptions {
  /** The shop's public door, such as `http://localhost:3000`. */
  baseUrl: string;
  /** For a whole call, all its tries included. @default 15000 */
  timeoutMs?: number;
  /** Tries beside the first, where they can do no harm. @default 3 */
  retriesMax?: number;
  /** Of an earlier login, to go on with. */
  tokens?: SessionTokens | undefined;
  /** Called with every new pair of tokens, and with undefined when the session has ended. */
  onTokens?: (tokens: SessionTokens | undefined) => void;
  /** @default the global one */
  fetch?: typeof fetch;
}

/** What an operation takes, and limits of this one call. */
export type Input<Id extends OperationId> = Operations[Id]['input'] & CallLimits;

/** The input may be left out where nothing in it is required. */
export type InputArguments<Id extends OperationId> =
  Record<never, never> extends Operations[Id]['input'] ? [input?: Input<Id>] : [input: Input<Id>];

/** Operations that answer a page of a list. */
export type ListId = {
  [Id in OperationId]: Operations[Id]['answer'] extends { items: unknown[]; nextCursor: string | null } ? Id : never;
}[OperationId];

export type ItemOf<Id extends ListId> = Operations[Id]['answer'] extends { items: (infer Item)[] } ? Item : never;

const TIMEOUT_MS = 15_000;
const RETRIES_MAX = 3;
const SILENCE_MS = 20_000;

/** The shop, seen by one visitor: anonymous first, a user after `logIn`. */
export class SoukClient {
  readonly #baseUrl: string;
  readonly #fetch: typeof fetch;
  readonly #timeoutMs: number;
  readonly #transport: Transport;
  readonly #session: Session;

  constructor(options: ClientOptions) {
    this.#baseUrl = options.baseUrl.replace(/\/+$/, '');
    this.#fetch = options.fetch ?? ((input, init) => fetch(input, init));
    this.#timeoutMs = options.timeoutMs ?? TIMEOUT_MS;
    this.#transport = createTransport({
      fetch: this.#fetch,
      timeoutMs: this.#timeoutMs,
      retriesMax: options.retriesMax ?? RETRIES_MAX,
    });
    this.#session = new Session({
      baseUrl: this.#baseUrl,
      transport: this.#transport,
      tokens: options.tokens,
      onTokens: options.onTokens,
    });
  }

  /** Undefined while nobody is logged in. */
  get tokens(): SessionTokens | undefined {
    return this.#session.tokens;
  }

  async logIn(email: string, password: string): Promise<void> {
    const request = toHttpRequest(this.#baseUrl, 'logIn', { body: { email, password } });
    // A second try leaves at worst a session that nobody has the tokens of.
    const { body } = await this.#transport.send<Tokens>({ ...request, isRepeatable: true });
    this.#session.keep(body);
  }

  /** Ends the session here and in the shop; does nothing when there is none. */
  async logOut(): Promise<void> {
    if (this.tokens === undefined) return;
    try {
      await this.call('logOut');
    } catch (error) {
      if (!isProblem(error, 'unauthorized')) throw error; // it had ended already
    }
    this.#session.keep(undefined);
  }

  /**
   * Calls an operation and answers its body: `await shop.call('getOrder', { path: { id } })`. Throws ProblemError,
   * ConnectionError, DeadlineError or UnexpectedAnswerError.
   */
  async call<Id extends OperationId>(id: Id, ...input: InputArguments<Id>): Promise<Operations[Id]['answer']> {
    return (await this.send(id, ...input)).body;
  }

  /** As `call`, with status and headers. */
  async send<Id extends OperationId>(
    id: Id,
    ...[input]: InputArguments<Id>
  ): Promise<Answer<Operations[Id]['answer']>> {
    const { signal, timeoutMs, ...parts }: RequestParts & CallLimits = input ?? {};
    const request = toHttpRequest(this.#baseUrl, id, parts);
    const withToken = (token: string | undefined) =>
      this.#transport.send<Operations[Id]['answer']>(
        token === undefined
          ? request
          : { ...request, headers: { ...request.headers, authorization: `Bearer ${token}` } },
        { signal, timeoutMs },
      );
    if (OPERATIONS[id].access === 'anyone') return withToken(undefined);
    const token = await this.#session.accessToken();
    try {
      return await withToken(token);
    } catch (error) {
      // Refused before it did anything, so that any call may go out again with a new token.
      if (token === undefined || !isProblem(error, 'unauthorized')) throw error;
      await this.#session.refresh(token);
      const renewed = this.tokens?.accessToken;
      if (renewed === undefined) throw error;
      return withToken(renewed);
    }
  }

  /** Walks through a whole list, page by page as far as the caller goes. */
  async *items<Id extends ListId>(id: Id, ...[input]: InputArguments<Id>): AsyncGenerator<ItemOf<Id>> {
    const given = (input ?? {}) as { query?: Record<string, unknown> };
    let cursor: string | null = null;
    do {
      const query: Record<string, unknown> = cursor === null ? { ...given.query } : { ...given.query, cursor };
      // The types of one list do not carry through the walk over any list.
      const page = (await this.call(id, ...([{ ...given, query }] as unknown as InputArguments<Id>))) as unknown as {
        items: ItemOf<Id>[];
        nextCursor: string | null;
      };
      yield* page.items;
      cursor = page.nextCursor;
    } while (cursor !== null);
  }

  /** What happens to an order, from the first entry on or after `after`, until the caller stops. */
  timeline(orderId: string, options: TimelineOptions = {}): AsyncGenerator<TimelineEntry> {
    return followTimeline(
      { silenceMs: SILENCE_MS, open: (after, signal) => this.#openTimeline(orderId, after, signal) },
      options,
    );
  }

  async #openTimeline(orderId: string, after: number, signal: AbortSignal): Promise<Response> {
    const { url } = toHttpRequest(this.#baseUrl, 'getOrderTimeline', { path: { id: orderId } });
    const open = async (token: string | undefined) => {
      // The deadline is for the head of the answer; the body may stay for a quarter of an hour.
      const waiting = new AbortController();
      const deadline = createDeadline(this.#timeoutMs, signal);
      const onDeadline = () => waiting.abort(deadline.signal.reason);
      deadline.signal.addEventListener('abort', onDeadline, { once: true });
      try {
        return await this.#fetch(url, {
          headers: {
            accept: 'text/event-stream',
            ...(token === undefined ? {} : { authorization: `Bearer ${token}` }),
            ...(after === 0 ? {} : { 'last-event-id': String(after) }),
          },
          signal: AbortSignal.any([signal, waiting.signal]),
        });
      } catch (error) {
        throw error instanceof ClientError ? error : deadline.toError(error);
      } finally {
        deadline.signal.removeEventListener('abort', onDeadline);
      }
    };
    const token = await this.#session.accessToken();
    const response = await open(token);
    if (response.status !== 401 || token === undefined) return response;
    await this.#session.refresh(token);
    const renewed = this.tokens?.accessToken;
    if (renewed === undefined) return response;
    await response.body?.cancel();
    return open(renewed);
  }
}

/** A client of the shop behind `baseUrl`. */
export function createClient(options: ClientOptions): SoukClient {
  return new SoukClient(options);
}
