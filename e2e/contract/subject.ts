import { randomUUID } from 'node:crypto';
import {
  type AnswerChecker,
  type ContractCase,
  type ContractRole,
  checkContractCase,
  contractCases,
  createAnswerChecker,
  type OpenApiDocument,
} from '@souk/http';
import { issueServiceToken } from '@souk/testing';
import { documentedOutcomes, type OperationInDocument, operationsIn, outcomeOf } from './documented.ts';

/** Where a document is served: the gateway's in one place, those of the services each at its own port. */
export interface Door {
  /** Audience of service tokens. */
  service: string;
  base: string;
}

export interface Person {
  id: string;
  email: string;
  token: string;
  refreshToken: string;
}

/** A role of the cast, or whoever has this token. */
export type Who = Exclude<ContractRole, 'service'> | { token: string };

export interface Asked {
  /** Left out: whoever the operation is for. */
  as?: Who;
  path?: Record<string, string>;
  query?: Record<string, string | number>;
  body?: unknown;
  /** The document's own example, with these fields changed. */
  change?: Record<string, unknown>;
  /** Over the usual ones; '' leaves one out. */
  headers?: Record<string, string>;
}

export interface Given<Body> {
  status: number;
  headers: Headers;
  body: Body;
  /** `201`, or the slug of a problem. */
  outcome: string;
}

export type Cast = Record<'customer' | 'stranger' | 'admin', Person>;

interface Entry extends OperationInDocument {
  door: Door;
  check: AnswerChecker;
}

/** An answer that nobody expected, or that its document does not know. */
export class ContractBrokenError extends Error {
  override readonly name = 'ContractBrokenError';
}

/** The parts of an answer that scenarios read. */
export interface AnyBody {
  id: string;
  slug: string;
  sku: string;
  version: number;
  status: string;
  paymentStatus: string;
  items: AnyBody[];
  accessToken: string;
  refreshToken: string;
  current: boolean;
  imageUrl: string;
  productCount: number;
  onHand: number;
  next: string;
}

/** Refusals that do not say whether the body was right. */
const AHEAD_OF_THE_SCHEMA = new Set(['unauthorized', 'forbidden', 'unsupported-media', 'malformed', 'validation']);

/** The platform behind one or several documents: asks operations by name, holds every answer against its document. */
export class Subject {
  readonly #entries = new Map<string, Entry>();
  readonly #documents: { door: Door; document: OpenApiDocument }[];
  readonly #internalSecret: string;
  /** `placeOrder 201`, `placeOrder out-of-stock`: what was answered so far. */
  readonly provoked = new Set<string>();
  /** Operations whose example was taken as it stands in the document, but for ids. */
  readonly examplesTaken = new Set<string>();
  cast: Partial<Cast> = {};

  private constructor(documents: { door: Door; document: OpenApiDocument }[], internalSecret: string) {
    this.#documents = documents;
    this.#internalSecret = internalSecret;
    for (const { door, document } of documents) {
      const check = createAnswerChecker(document);
      for (const operation of operationsIn(document)) this.#entries.set(operation.id, { ...operation, door, check });
    }
  }

  static async at(doors: Door[], internalSecret: string): Promise<Subject> {
    const documents = doors.map(async (door) => {
      const response = await fetch(`${door.base}/openapi.json`);
      return { door, document: (await response.json()) as OpenApiDocument };
    });
    return new Subject(await Promise.all(documents), internalSecret);
  }

  has(id: string): boolean {
    return this.#entries.has(id);
  }

  /** Everything the documents say may be answered: `placeOrder 201`, `placeOrder out-of-stock`. */
  documented(): string[] {
    return this.#documents.flatMap(({ document }) => documentedOutcomes(document));
  }

  /** Operations whose documents show a body. */
  examples(): string[] {
    return [...this.#entries.values()].filter(({ example }) => example !== undefined).map(({ id }) => id);
  }

  async #tokenOf(who: Who | 'service', door: Door): Promise<string | undefined> {
    if (typeof who !== 'string') return who.token;
    if (who === 'nobody') return undefined;
    if (who !== 'service') return this.cast[who]?.token;
    return issueServiceToken({ from: 'order-service', to: door.service, secret: this.#internalSecret });
  }

  async #requestOf(entry: Entry, asked: Asked): Promise<{ path: string; init: RequestInit }> {
    const { method, template, access, example, needsKey, door } = entry;
    const usual = { anyone: 'nobody', user: 'customer', admin: 'admin', service: 'service' } as const;
    const token = await this.#tokenOf(asked.as ?? usual[access], door);
    const body = asked.change === undefined ? asked.body : { ...(example as object), ...asked.change };
    const headers = Object.entries({
      ...(token === undefined ? {} : { authorization: `Bearer ${token}` }),
      ...(body === undefined ? {} : { 'content-type': 'application/json' }),
      ...(needsKey ? { 'idempotency-key': randomUUID() } : {}),
      ...asked.headers,
    }).filter(([, value]) => value !== '');
    const filled = template.replaceAll(/\{(\w+)\}/g, (_, name: string) =>
      encodeURIComponent(asked.path?.[name] ?? name),
    );
    const query = new URLSearchParams(
      Object.entries(asked.query ?? {}).map(([name, value]) => [name, String(value)] as [string, string]),
    ).toString();
    return {
      path: query === '' ? filled : `${filled}?${query}`,
      init: { method, headers, ...(body === undefined ? {} : { body: JSON.stringify(body) }) },
    };
  }

  /** Sends a request and answers whatever came; throws where the document does not know such an answer. */
  async send<Body = AnyBody>(id: string, asked: Asked = {}): Promise<Given<Body>> {
    const entry = this.#entries.get(id);
    if (entry === undefined) throw new ContractBrokenError(`No document has the operation ${id}`);
    const { path, init } = await this.#requestOf(entry, asked);
    const response = await fetch(entry.door.base + path, { ...init, signal: AbortSignal.timeout(30_000) });
    const { status, headers } = response;
    const body = await readBody(response);
    const disagreements = entry.check({ method: entry.method, path, status, headers, body });
    if (disagreements.length > 0) throw new ContractBrokenError(disagreements.join('\n'));
    const outcome = outcomeOf(status, body);
    this.provoked.add(`${id} ${outcome}`);
    if (asked.change !== undefined && !AHEAD_OF_THE_SCHEMA.has(outcome)) this.examplesTaken.add(id);
    return { status, headers, body: body as Body, outcome };
  }

  /** Sends a request and expects this status, or the problem of this slug. */
  async ask<Body = AnyBody>(id: string, expected: number | string, asked: Asked = {}): Promise<Given<Body>> {
    const given = await this.send<Body>(id, asked);
    if (given.outcome !== String(expected)) {
      throw new ContractBrokenError(
        `${id}: expected ${expected}, found ${given.outcome}: ${JSON.stringify(given.body)}`,
      );
    }
    return given;
  }

  /**
   * Sends every refusal that follows from the documents; `objects` are things of the customer's, by path template. The
   * sentences of those that were answered otherwise.
   */
  async sendRefusals(options: {
    objects: Record<string, string>;
    unknownIdAllowed: readonly string[];
  }): Promise<{ cases: ContractCase[]; failures: string[] }> {
    const failures: string[] = [];
    const sent: ContractCase[] = [];
    for (const { door, document } of this.#documents) {
      const check = createAnswerChecker(document);
      const tokens = {
        customer: this.cast.customer?.token ?? '',
        stranger: this.cast.stranger?.token ?? '',
        admin: this.cast.admin?.token ?? '',
      };
      for (const contractCase of contractCases(document, options)) {
        const service = await issueServiceToken({
          from: 'order-service',
          to: door.service,
          secret: this.#internalSecret,
        });
        const send = async ({ path, ...init }: ContractCase['request']) => {
          const response = await fetch(door.base + path, { ...init, signal: AbortSignal.timeout(30_000) });
          const body = await readBody(response.clone());
          const { status, headers } = response;
          const about = isOfOperation(contractCase) ? check({ method: init.method, path, status, headers, body }) : [];
          failures.push(...about.map((text) => `${contractCase.title}: ${text}`));
          return response;
        };
        sent.push(contractCase);
        await checkContractCase(contractCase, { tokens: { ...tokens, service }, send }).then(
          () => this.provoked.add(`${contractCase.operationId} ${contractCase.expected.slug}`),
          (error: unknown) => failures.push(error instanceof Error ? error.message : String(error)),
        );
      }
    }
    return { cases: sent, failures };
  }
}

/** Paths with a broken escape belong to no operation. */
function isOfOperation({ request }: ContractCase): boolean {
  return !request.path.includes('%zz');
}

async function readBody(response: Response): Promise<unknown> {
  const type = response.headers.get('content-type') ?? '';
  if (type.startsWith('text/event-stream')) {
    await response.body?.cancel(); // it would stay for a quarter of an hour
    return undefined;
  }
  const text = await response.text();
  return type.includes('json') ? JSON.parse(text) : text === '' ? undefined : text;
}
