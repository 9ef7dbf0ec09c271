import { Refusal } from '@souk/contracts';

/**
 * `transient`: the database (or another dependency) is away or overloaded; nothing is wrong with the request.
 * `serialization`: a conflict with another transaction; the whole transaction may be repeated.
 */
export type DatabaseErrorKind =
  | 'transient'
  | 'serialization'
  | 'unique'
  | 'foreign-key'
  | 'check'
  | 'invalid-text'
  | 'other';

export interface DatabaseErrorClass {
  kind: DatabaseErrorKind;
  /** The violated constraint's name, where the database tells it. */
  constraint?: string;
  /** SQLSTATE or Prisma's code. */
  code?: string;
  /** The server cancelled a statement after its time or a lock's: alive, but this work was too slow. */
  timeout?: true;
}

/** Whole SQLSTATEs (PostgreSQL, appendix A) before their class of two characters. */
const BY_SQLSTATE: Readonly<Record<string, DatabaseErrorKind>> = {
  '40001': 'serialization',
  '40P01': 'serialization',
  '23505': 'unique',
  '23P01': 'unique',
  '23503': 'foreign-key',
  '23514': 'check',
  '23502': 'check',
  '22021': 'invalid-text',
  '22P02': 'invalid-text',
  '22P05': 'invalid-text',
  '55P03': 'transient',
  '57014': 'transient',
  '25P03': 'transient',
  '25006': 'transient',
};
const BY_SQLSTATE_CLASS: Readonly<Record<string, DatabaseErrorKind>> = {
  '08': 'transient',
  '53': 'transient',
  '57': 'transient',
  '58': 'transient',
};
const TIMEOUT_SQLSTATES: ReadonlySet<string> = new Set(['55P03', '57014']);

/** Prisma's codes for what carries no SQLSTATE. */
const BY_PRISMA_CODE: Readonly<Record<string, DatabaseErrorKind>> = {
  P1001: 'transient',
  P1002: 'transient',
  P1008: 'transient',
  P1017: 'transient',
  P2024: 'transient',
  P2028: 'transient',
  P2037: 'transient',
  P2039: 'transient',
  P2034: 'serialization',
  P2002: 'unique',
  P2003: 'foreign-key',
  P2004: 'check',
  P2007: 'invalid-text',
  P2023: 'invalid-text',
};

const NETWORK_CODES: ReadonlySet<string> = new Set(
  'ECONNREFUSED ECONNRESET ECONNABORTED EPIPE ETIMEDOUT ENOTFOUND EAI_AGAIN EHOSTUNREACH ENETUNREACH EADDRNOTAVAIL EMFILE'.split(
    ' ',
  ),
);

/** pg reports these as plain errors; read in pg 8.23 and pg-pool. */
const CONNECTION_MESSAGES = [
  'Connection terminated',
  'connection is insecure',
  'timeout exceeded when trying to connect',
  'timeout expired',
  'Query read timeout',
  'not queryable',
  'Client was closed',
  'Cannot use a pool after calling end',
  'Connection ended',
  'server closed the connection',
];

const CAUSES_MAX = 5;

/**
 * The one place that knows how pg and Prisma 7 report what went wrong. Prisma hides the SQLSTATE in
 * `meta.driverAdapterError.cause.originalCode`, of raw statements (P2010) too. A `Refusal` that only says that a dependency
 * is away is transient as well. An unknown error is `other`.
 */
export function classifyDatabaseError(error: unknown): DatabaseErrorClass {
  let current: unknown = error;
  for (let depth = 0; depth < CAUSES_MAX && isObject(current); depth += 1) {
    const found = classifyOne(current);
    if (found !== undefined) return found;
    current = current.cause;
  }
  return { kind: 'other' };
}

function classifyOne(error: Record<string, unknown>): DatabaseErrorClass | undefined {
  if (error instanceof Refusal) {
    return error.code === 'unavailable' || error.code === 'upstream-timeout' || error.code === 'bad-gateway'
      ? { kind: 'transient', code: error.code }
      : { kind: 'other', code: error.code };
  }
  const adapterCause = objectAt(objectAt(objectAt(error, 'meta'), 'driverAdapterError'), 'cause') ?? {};
  const constraint = textAt(error, 'constraint') ?? constraintOf(adapterCause);
  const code = textAt(error, 'code');
  const sqlState = sqlStateOf(textAt(adapterCause, 'originalCode')) ?? sqlStateOf(code);
  const kind =
    (sqlState === undefined ? undefined : (BY_SQLSTATE[sqlState] ?? BY_SQLSTATE_CLASS[sqlState.slice(0, 2)])) ??
    (code === undefined ? undefined : (BY_PRISMA_CODE[code] ?? (NETWORK_CODES.has(code) ? 'transient' : undefined))) ??
    (isConnectionMessage(error) ? 'transient' : undefined);
  const known = sqlState ?? code;
  if (kind === undefined) return sqlState === undefined ? undefined : { kind: 'other', code: sqlState };
  return {
    kind,
    ...(constraint === undefined ? {} : { constraint }),
    ...(known === undefined ? {} : { code: known }),
    ...(sqlState !== undefined && TIMEOUT_SQLSTATES.has(sqlState) ? { timeout: true as const } : {}),
  };
}

/** `P2002` has five characters too: an SQLSTATE of class P0 is `P0xxx`. */
function sqlStateOf(code: string | undefined): string | undefined {
  return code !== undefined && /^(?!P[1-9])[0-9A-Z]{5}$/.test(code) ? code : undefined;
}

function constraintOf(adapterCause: Record<string, unknown>): string | undefined {
  const constraint = objectAt(adapterCause, 'constraint');
  return constraint === undefined ? undefined : (textAt(constraint, 'index') ?? textAt(constraint, 'foreignKey'));
}

function isConnectionMessage(error: Record<string, unknown>): boolean {
  const message = textAt(error, 'message');
  return message !== undefined && CONNECTION_MESSAGES.some((part) => message.includes(part));
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null;
}

function objectAt(value: Record<string, unknown> | undefined, key: string): Record<string, unknown> | undefined {
  const inner = value?.[key];
  return isObject(inner) ? inner : undefined;
}

function textAt(value: Record<string, unknown>, key: string): string | undefined {
  const inner = value[key];
  return typeof inner === 'string' ? inner : undefined;
}
