import type { Customer, Platform } from '../../src/index.ts';
import { auditAnswer, slugOf } from '../src/answer-audit.ts';
import { rawExchange, toBytes } from '../src/raw-http.ts';
import { type HostileCase, type Role, serviceOf } from './hostile-case.ts';

export interface RunOptions {
  platform: Platform;
  people: Record<Exclude<Role, 'nobody'>, Customer>;
  /** The public door, or each service's own port. */
  door: 'gateway' | 'service';
}

const AT_ONCE = 4;

/** Sends every case and answers a sentence for each that was answered otherwise. */
export async function runCases(cases: readonly HostileCase[], options: RunOptions): Promise<string[]> {
  const failures: string[] = [];
  const left = [...cases];
  const work = async () => {
    for (let next = left.shift(); next !== undefined; next = left.shift()) {
      failures.push(...(await runCase(next, options)));
    }
  };
  await Promise.all(Array.from({ length: AT_ONCE }, work));
  return failures;
}

async function runCase(given: HostileCase, { platform, people, door }: RunOptions): Promise<string[]> {
  const { as = 'nobody', method, body } = given;
  const path = `/api/v1${given.path}`;
  const base = door === 'gateway' ? platform.gatewayUrl : platform.serviceUrl(serviceOf(given.path));
  const headers = [...(given.headers ?? [])];
  const names = new Set(headers.map(([name]) => name.toLowerCase()));
  if (as !== 'nobody') headers.unshift(['Authorization', `Bearer ${people[as].accessToken}`]);
  if (body !== undefined && !names.has('content-type')) headers.push(['Content-Type', 'application/json']);
  const title = `${door}: ${given.title}`;
  try {
    const answer = await rawExchange(base, toBytes({ method, path, headers, body }));
    const isParser = answer.status === 431 || answer.status === 414 || answer.status === 400;
    const found = auditAnswer(answer, {
      path,
      isHead: method === 'HEAD',
      isWithToken: as !== 'nobody' && answer.status !== 413 && !isParser,
    });
    const statuses = [given.status].flat();
    const slug = slugOf(answer.body);
    if (!statuses.includes(answer.status)) {
      found.push(`answered ${answer.status} ${answer.body.slice(0, 300)}, expected ${statuses.join(' or ')}`);
    } else if (method !== 'HEAD') {
      if (given.slug !== undefined && slug !== given.slug) found.push(`is ${slug}, expected ${given.slug}`);
      if (given.pointer !== undefined && !pointersOf(answer.body).includes(given.pointer)) {
        found.push(`points to ${pointersOf(answer.body).join()}, expected ${given.pointer}`);
      }
    }
    return found.map((problem) => `${title}: ${problem}`);
  } catch (error) {
    return [`${title}: ${String(error)}`];
  }
}

function pointersOf(body: string): string[] {
  try {
    const { errors = [] } = JSON.parse(body) as { errors?: { pointer: string }[] };
    return errors.map(({ pointer }) => pointer);
  } catch {
    return [];
  }
}
