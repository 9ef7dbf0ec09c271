import { PROBLEMS, type ProblemSlug } from '@souk/contracts';
import type { RawAnswer } from './raw-http.ts';

const INSTANCE_LENGTH_MAX = 2_048;

const LEAKS = [
  /\bat [\w.<>]+ \(?(\/|file:|node:)/,
  /\bSELECT\b.+\bFROM\b/i,
  /\bpg_catalog\b|\bPrisma|\bECONN|\bENOTFOUND\b|\b127\.0\.0\.1\b|\blocalhost:\d|postgres(ql)?:\/\/|amqp:\/\/|redis:\/\//i,
  /node_modules|dist\/main\.js/,
  /\beyJ[\w-]{10,}\./,
];

/** What is wrong with an answer whatever was asked, one sentence each; none when all is well. */
export function auditAnswer(
  answer: RawAnswer,
  request: { path: string; isHead: boolean; isWithToken: boolean },
): string[] {
  const { status, headers, body } = answer;
  const problems: string[] = [];
  if (status >= 500 && status !== 501) problems.push(`answered ${status}`);
  if (headers['x-request-id'] === undefined) problems.push('has no X-Request-Id');
  if (headers['x-content-type-options'] !== 'nosniff') problems.push('has no nosniff');
  if (request.isWithToken && headers['cache-control'] !== 'private, no-store') {
    problems.push(`has Cache-Control ${headers['cache-control']}`);
  }
  if (headers['x-powered-by'] !== undefined) problems.push('tells its framework');
  if (status >= 400) problems.push(...auditProblem(answer, request));
  for (const leak of LEAKS) if (leak.test(body)) problems.push(`leaks ${leak.exec(body)?.[0]}`);
  return problems;
}

function auditProblem({ status, headers, body }: RawAnswer, request: { path: string; isHead: boolean }): string[] {
  if (headers['content-type'] !== 'application/problem+json') return [`has Content-Type ${headers['content-type']}`];
  if (request.isHead) return [];
  let problem: Record<string, unknown>;
  try {
    problem = JSON.parse(body) as Record<string, unknown>;
  } catch {
    return ['has a body that is no JSON'];
  }
  const found: string[] = [];
  const slug = slugOf(body) as ProblemSlug;
  const known = PROBLEMS[slug] as { status?: number } | undefined;
  if (known === undefined) found.push(`has type ${String(problem.type)}`);
  if (known?.status !== undefined && known.status !== status) found.push(`has ${slug} with status ${status}`);
  if (problem.status !== status) found.push(`says status ${String(problem.status)}`);
  for (const member of ['title', 'detail', 'traceId', 'instance']) {
    if (typeof problem[member] !== 'string') found.push(`has no ${member}`);
  }
  const path = request.path.split('?')[0];
  // A very long path comes back cut.
  if (path?.startsWith('/') && status !== 400 && problem.instance !== path.slice(0, INSTANCE_LENGTH_MAX))
    found.push(`says instance ${String(problem.instance).slice(0, 80)}`);
  const retry = status === 429 || status === 503 || slug === 'idempotency-in-progress';
  if (retry && !/^\d+$/.test(headers['retry-after'] ?? '')) found.push('has no Retry-After');
  if (status === 401 && slug === 'unauthorized' && !headers['www-authenticate']) found.push('has no WWW-Authenticate');
  if (status === 405 && !headers.allow) found.push('has no Allow');
  if (slug === 'validation' && !Array.isArray(problem.errors)) found.push('names no field');
  return found;
}

/** The slug of a problem document. */
export function slugOf(body: string): string {
  try {
    const { type } = JSON.parse(body) as { type?: unknown };
    return typeof type === 'string' ? type.replace('/problems/', '') : '';
  } catch {
    return '';
  }
}
