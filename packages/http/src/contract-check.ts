import assert from 'node:assert';
import { PROBLEMS } from '@souk/contracts';
import type { ContractCase, ContractRequest, ContractRole } from './contract-cases.ts';
import { PROBLEM_CONTENT_TYPE, type ProblemDocument } from './problem.ts';

export interface ContractSubject {
  /** `app.request`, or `fetch` against a running service. */
  send(request: ContractRequest): Promise<Response>;
  /** The token of a role; undefined for `nobody`. A role that the service does not know may be left out. */
  tokens: Partial<Record<ContractRole, string>>;
}

/** What no answer may give away. */
const LEAKS =
  /\bat .+:\d+:\d+\)|node_modules|SELECT |INSERT |UPDATE .+ SET|postgres:\/\/|ECONN|eyJ[A-Za-z0-9]|127\.0\.0\.1|localhost/;

/** Sends one case and asserts that the answer is the right problem, whole and in the form that every problem has. */
export async function checkContractCase(contractCase: ContractCase, subject: ContractSubject): Promise<void> {
  const { request, expected, as } = contractCase;
  const token = subject.tokens[as];
  const authorization: Record<string, string> = token === undefined ? {} : { authorization: `Bearer ${token}` };
  const response = await subject.send({ ...request, headers: { ...authorization, ...request.headers } });
  const text = await response.text();
  assert.equal(response.status, expected.status, `${contractCase.title}, answered ${response.status} ${text}`);
  assert.equal(response.headers.get('content-type'), PROBLEM_CONTENT_TYPE);
  assert.equal(response.headers.get('x-content-type-options'), 'nosniff');
  assert.match(response.headers.get('x-request-id') ?? '', /^[A-Za-z0-9._-]{1,128}$/);
  if (response.status === 401) assert.match(response.headers.get('www-authenticate') ?? '', /^Bearer/);
  if (token !== undefined) assert.match(response.headers.get('cache-control') ?? '', /no-store/);
  if (expected.allow !== undefined) assert.equal(response.headers.get('allow'), expected.allow);
  assertProblem(JSON.parse(text) as ProblemDocument, contractCase);
  assert.doesNotMatch(text, LEAKS);
}

function assertProblem(problem: ProblemDocument, { title, request, expected }: ContractCase): void {
  assert.equal(problem.type, `/problems/${expected.slug}`, title);
  assert.equal(problem.title, PROBLEMS[expected.slug].title);
  assert.equal(problem.status, expected.status);
  assert.ok(problem.detail.length > 0, 'expected a detail');
  assert.equal(problem.instance, request.path.split('?')[0]);
  assert.match(problem.traceId, /^[0-9a-f]{32}$/);
  const found = (problem.errors ?? []).map((error) => error.pointer);
  for (const pointer of expected.pointers ?? []) {
    assert.ok(found.includes(pointer), `${title}: expected an error at ${pointer}, found ${JSON.stringify(found)}`);
  }
}
