import { randomUUID } from 'node:crypto';
import {
  type ContractCase,
  type ContractRole,
  checkContractCase,
  checkReads,
  contractCases,
  type OpenApiDocument,
} from '@souk/http';
import type { Broker } from '@souk/messaging';
import type { ServiceDefinition } from '@souk/service-runtime';
import {
  createTestDatabase,
  issueServiceToken,
  startTestService,
  TEST_INTERNAL_SECRET,
  type TestDatabase,
  type TestIdentity,
} from '@souk/testing';
import fc from 'fast-check';
import { oddRequests } from './fuzz.ts';
import { UNKNOWN_ID_ALLOWED } from './unprovoked.ts';

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
  broker?: Broker,
): Promise<ServiceUnderContract> {
  const database = await createTestDatabase(definition.migrations ?? []);
  const service = await startTestService(definition, { database, env, ...(broker === undefined ? {} : { broker }) });
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

/** How many odd requests each operation gets; a longer run is a matter of this number. */
const ODD_REQUESTS_EACH = Number(process.env.SOUK_FUZZ_RUNS ?? '10');

/**
 * Sends odd requests to every operation and gives back those that were answered by a 5xx (503 with `unavailableAllowed`
 * aside: a neighbour that does not run) or by a problem that is not whole. The seed makes a failure repeatable.
 */
export async function runFuzz(
  { url }: ServiceUnderContract,
  { tokens, objects, seed, unavailableAllowed }: ContractRun & { seed: number; unavailableAllowed: boolean },
): Promise<string[]> {
  const document = (await (await fetch(`${url}/openapi.json`)).json()) as OpenApiDocument;
  const tokenFor: Record<string, string | undefined> = {
    user: tokens.customer,
    admin: tokens.admin,
    service: tokens.service,
  };
  const failures: string[] = [];
  for (const arbitrary of oddRequests(document, objects)) {
    for (const { method, path, access, headers, body } of fc.sample(arbitrary, { seed, numRuns: ODD_REQUESTS_EACH })) {
      const token = tokenFor[access];
      const all: Record<string, string> = { ...headers, 'content-type': 'application/json' };
      if (token !== undefined) all.authorization = `Bearer ${token}`;
      const response = await fetch(url + path, { method, headers: all, ...(body === undefined ? {} : { body }) });
      const text = await response.text();
      const isProblem = response.headers.get('content-type') === 'application/problem+json';
      const isAllowed = response.status < 500 || (unavailableAllowed && response.status === 503);
      if (!isAllowed || (response.status >= 400 && !(isProblem && text.includes('"traceId":"')))) {
        failures.push(
          `seed ${seed}: ${method} ${path} ${JSON.stringify(headers)} ${body} -> ${response.status} ${text}`,
        );
      }
    }
  }
  return failures;
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
