import { auditAnswer, slugOf } from '../src/answer-audit.ts';
import { NoAnswerError, rawExchanges } from '../src/raw-http.ts';
import type { WireCase } from './wire-cases.ts';

const AT_ONCE = 12;
// Longer than a server waits for the rest of a request.
const PATIENCE_MS = 18_500;

/** Sends every case to one door and answers a sentence for each that went otherwise. */
export async function runWireCases(cases: readonly WireCase[], base: string): Promise<string[]> {
  const failures: string[] = [];
  const left = [...cases].reverse(); // the ones that take time first
  const work = async () => {
    for (let next = left.shift(); next !== undefined; next = left.shift()) {
      const { title } = next;
      failures.push(...(await runWireCase(next, base)).map((problem) => `${title}: ${problem}`));
    }
  };
  await Promise.all(Array.from({ length: AT_ONCE }, work));
  return failures;
}

async function runWireCase(given: WireCase, base: string): Promise<string[]> {
  const { parts, status, slug, count = 1, pauseMs = 0, mayClose = false } = given;
  try {
    const answers = await rawExchanges(base, parts, { count, pauseMs, timeoutMs: PATIENCE_MS });
    return answers.flatMap((answer) => {
      // What node's parser refuses by itself carries no problem document.
      if (!status.includes(answer.status)) return [`answered ${answer.status} ${answer.body.slice(0, 200)}`];
      if (slug !== undefined && slugOf(answer.body) !== slug) return [`is ${slugOf(answer.body)}`];
      const isBare = answer.headers['content-type'] === undefined && [400, 408, 417, 431].includes(answer.status);
      return isBare
        ? []
        : auditAnswer(answer, { path: '', isHead: false, isWithToken: false }).filter(
            // Its own words come back in `instance`.
            (problem) => !(answer.status === 421 && problem.startsWith('leaks')),
          );
    });
  } catch (error) {
    if (error instanceof NoAnswerError && mayClose && !error.message.startsWith('No whole')) return [];
    return [String(error)];
  }
}
