import { randomUUID } from 'node:crypto';
import {
  type ContractCase,
  type ContractRole,
  checkContractCase,
  checkReads,
  contractCases,
  type OpenApiDocument,
} from '@souk/http';
import type { ServiceDefinition } from '@souk/service-runtime';
import {
  createTestDatabase,
  issueServiceToken,
  startTestService,
  TEST_INTERNAL_SECRET,
  type TestDatabase,
  type TestIdentity,
} from '@souk/testing';

/** Operations where an id that nobody knows is no 404, and why. */
const UNKNOWN_ID_ALLOWED = [
  // A cart without the line is what was asked for.
  'removeCartItem',
  // Make a reservation, or close it before it is made, so that a late one is refused.
  'reserveStock',
  'releaseStock',
];

export type Tokens = Record<ContractRole, string | undefined>;

/** A service alone, on a database of its own. */
export interface ServiceUnderContract {
  url: string;
  database: TestDatabase;
  stop(): Promise<void>;
}

export async function startForContract<C>(
  definition: ServiceDefinition<C>,
  env: Record<string, string>,
): Promise<ServiceUnderContract> {
  const database = await createTestDatabase(definition.migrations ?? []);
  const service = await startTestService(definition, { database, env });
  for (let count = 0; count < 100; count += 1) {
    if ((await fetch(`${service.url}/readyz`)).ok) break;
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  return {
    url: service.url,
    database,
    stop: async () => {
      await service.stop();
      await database.drop();
    },
  };
}

/** Four callers that every verifier of `identity` knows. */
export async function tokensOf(identity: TestIdentity, service: string): Promise<Tokens> {
  return {
    nobody: undefined,
    customer: await identity.token({ userId: randomUUID() }),
    stranger: await identity.token({ userId: randomUUID() }),
    admin: await identity.token({ roles: ['customer', 'admin'] }),
    service: await serviceToken(service),
  };
}

export async function serviceToken(service: string): Promise<string> {
  return await issueServiceToken({ from: 'test-service', to: service, secret: TEST_INTERNAL_SECRET });
}

export interface ContractRun {
  tokens: Tokens;
  /** Objects of the customer, by path template. */
  objects: Record<string, string>;
}

/** Sends every case of the service's own document; the sentences of those that were answered otherwise. */
export async function runContract(
  { url }: ServiceUnderContract,
  { tokens, objects }: ContractRun,
): Promise<{ cases: ContractCase[]; failures: string[] }> {
  const document = (await (await fetch(`${url}/openapi.json`)).json()) as OpenApiDocument;
  const cases = contractCases(document, { objects, unknownIdAllowed: UNKNOWN_ID_ALLOWED });
  const send = ({ path, ...init }: ContractCase['request']) => fetch(url + path, init);
  const failures: string[] = [];
  const known = Object.entries(tokens).filter((entry): entry is [ContractRole, string] => entry[1] !== undefined);
  for (const contractCase of cases) {
    const check = checkContractCase(contractCase, { tokens: Object.fromEntries(known), send });
    await check.catch((error: unknown) => failures.push(error instanceof Error ? error.message : String(error)));
  }
  return { cases, failures };
}

/** Reads every route that can be read and holds the answers against the document; the templates that were read. */
export async function runReads({ url }: ServiceUnderContract, { tokens, objects }: ContractRun): Promise<string[]> {
  const document = (await (await fetch(`${url}/openapi.json`)).json()) as OpenApiDocument;
  const tokenFor: Record<string, string | undefined> = {
    user: tokens.customer,
    admin: tokens.admin,
    service: tokens.service,
  };
  return await checkReads(document, {
    objects,
    send: ({ path, method, headers }, access) => {
      const token = tokenFor[access];
      const authorization: Record<string, string> = token === undefined ? {} : { authorization: `Bearer ${token}` };
      return fetch(url + path, { method, headers: { ...headers, ...authorization } });
    },
  });
}

/** Makes something the usual way; throws where that fails, since the cases would mean nothing. */
export async function make(
  url: string,
  { token, body, key }: { token: string | undefined; body: unknown; key?: string },
): Promise<Record<string, string>> {
  const headers: Record<string, string> = { 'content-type': 'application/json' };
  if (token !== undefined) headers.authorization = `Bearer ${token}`;
  if (key !== undefined) headers['idempotency-key'] = key;
  const response = await fetch(url, { method: 'POST', headers, body: JSON.stringify(body) });
  const text = await response.text();
  if (!response.ok) throw new NotMadeError(`${url} answered ${response.status} ${text}`);
  return JSON.parse(text) as Record<string, string>;
}

export class NotMadeError extends Error {
  override readonly name = 'NotMadeError';
}
