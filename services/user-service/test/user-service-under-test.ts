import { parseEvent, QUEUES, type SoukEvent } from '@souk/contracts';
import type { Broker } from '@souk/messaging';
import {
  createTestDatabase,
  startTestService,
  type TestContextOptions,
  type TestDatabase,
  type TestService,
} from '@souk/testing';
import { userService } from '../src/app.ts';
import type { Config } from '../src/config.ts';
import { migrations } from '../src/generated/migrations.ts';
import type { TokensAnswer } from '../src/sessions/tokens.ts';
import type { UserAnswer } from '../src/users/user.ts';

export const PASSWORD = 'tangerine-kettle-91';

/** Real time that a test can move ahead. */
export interface ShiftableClock {
  now(): Date;
  advance(ms: number): void;
  /** From now on only `advance` moves it. */
  stop(): void;
}

export function shiftableClock(): ShiftableClock {
  let offsetMs = 0;
  let stoppedAtMs: number | undefined;
  const nowMs = () => stoppedAtMs ?? Date.now() + offsetMs;
  return {
    now: () => new Date(nowMs()),
    advance: (ms) => {
      offsetMs += ms;
      if (stoppedAtMs !== undefined) stoppedAtMs += ms;
    },
    stop: () => {
      stoppedAtMs = nowMs();
    },
  };
}

export interface Call {
  token?: string | undefined;
  body?: unknown;
  /** Sent as it is, instead of `body`. */
  rawBody?: string;
  headers?: Record<string, string>;
}

export interface Answer {
  status: number;
  headers: Headers;
  /** Tests state themselves what they expect of it. */
  body: ReturnType<typeof JSON.parse>;
}

export interface Person {
  user: UserAnswer;
  tokens: TokensAnswer;
  token: string;
}

export interface UserServiceUnderTest {
  service: TestService<Config>;
  database: TestDatabase;
  url: string;
  /** What the other services have heard, each event as often as there are queues for it. */
  told: SoukEvent[];
  call(method: string, path: string, call?: Call): Promise<Answer>;
  register(email?: string, name?: string): Promise<UserAnswer>;
  logIn(email: string, options?: { password?: string; userAgent?: string }): Promise<TokensAnswer>;
  /** Registered and logged in; as an administrator with a role written straight into the table. */
  person(options?: { admin?: boolean }): Promise<Person>;
  stop(): Promise<void>;
}

let counter = 0;

/** The whole service on a database of its own, over real HTTP. */
export async function startUserService(
  options: Omit<TestContextOptions, 'database'> & { database?: TestDatabase } = {},
): Promise<UserServiceUnderTest> {
  const database = options.database ?? (await createTestDatabase(migrations));
  const service = await startTestService(userService, { ...options, database });
  const told: SoukEvent[] = [];
  await listenForAll(service.context.broker, told);
  const call = (method: string, path: string, given: Call = {}) => callApi(service.url, { method, path, given });

  const register = async (email = `person${++counter}@souk.example`, name = 'A Person') => {
    const { status, body } = await call('POST', '/api/v1/users', { body: { email, password: PASSWORD, name } });
    if (status !== 201) throw new UnexpectedAnswerError('registering', status, body);
    return body as UserAnswer;
  };
  const logIn: UserServiceUnderTest['logIn'] = async (email, { password = PASSWORD, userAgent } = {}) => {
    const headers = userAgent === undefined ? {} : { 'user-agent': userAgent };
    const { status, body } = await call('POST', '/api/v1/users/login', { body: { email, password }, headers });
    if (status !== 200) throw new UnexpectedAnswerError('logging in', status, body);
    return body as TokensAnswer;
  };
  return {
    service,
    database,
    url: service.url,
    told,
    call,
    register,
    logIn,
    async person({ admin = false } = {}) {
      const user = await register();
      if (admin) {
        await database.pool.query(`UPDATE users SET roles = '{customer,admin}' WHERE id = $1`, [user.id]);
      }
      const tokens = await logIn(user.email);
      return { user, tokens, token: tokens.accessToken };
    },
    async stop() {
      await service.stop();
      if (options.database === undefined) await database.drop();
    },
  };
}

/** Stands for the services that consume: without them nothing leaves the outbox. */
async function listenForAll(broker: Broker, told: SoukEvent[]): Promise<void> {
  for (const { queue } of QUEUES) {
    await broker.consume({
      queue,
      prefetch: 10,
      batchMax: 10,
      onBatch: async (batch) => {
        for (const delivery of batch) {
          const parsed = parseEvent(delivery.body);
          if (parsed.ok) told.push(parsed.event);
          delivery.ack();
        }
      },
    });
  }
}

async function callApi(
  url: string,
  { method, path, given }: { method: string; path: string; given: Call },
): Promise<Answer> {
  const headers = new Headers(given.headers);
  if (given.token !== undefined) headers.set('authorization', `Bearer ${given.token}`);
  const body = given.rawBody ?? (given.body === undefined ? undefined : JSON.stringify(given.body));
  if (body !== undefined && !headers.has('content-type')) headers.set('content-type', 'application/json');
  const response = await fetch(url + path, { method, headers, ...(body === undefined ? {} : { body }) });
  const text = await response.text();
  return { status: response.status, headers: response.headers, body: text === '' ? undefined : JSON.parse(text) };
}

export class UnexpectedAnswerError extends Error {
  constructor(doing: string, status: number, body: unknown) {
    super(`${doing} answered ${status}: ${JSON.stringify(body)}`);
    this.name = 'UnexpectedAnswerError';
  }
}
