/** One point of a list: what has to hold, and how to find out. A text that it answers is shown behind its tick. */
export interface Point {
  title: string;
  /** What comes after it builds on it: when it fails, the rest is not tried. */
  vital?: boolean;
  check: () => Promise<string | undefined> | string | undefined;
}

/** Something is not as the list wants it; the message says what was expected and what was found. */
export class NotSoError extends Error {
  override readonly name = 'NotSoError';
}

/** Throws unless the condition holds. */
export function expectThat(condition: boolean, sentence: string): asserts condition {
  if (!condition) throw new NotSoError(sentence);
}

const firstLines = (text: string, count: number) => text.trim().split('\n').slice(0, count).join('\n    ');

/**
 * Works through the points in order, prints each with a tick or a cross, and closes with "N passed, N failed". Answers
 * whether all hold. With `stopAtFirst` every point is vital.
 */
export async function runChecklist(
  heading: string,
  points: readonly Point[],
  { stopAtFirst = false }: { stopAtFirst?: boolean } = {},
): Promise<boolean> {
  console.log(`${heading}\n`);
  let passed = 0;
  let failed = 0;
  for (const { check, title, vital = stopAtFirst } of points) {
    const startedAt = performance.now();
    const seconds = () => `${((performance.now() - startedAt) / 1000).toFixed(1)} s`;
    try {
      const detail = await check();
      passed += 1;
      console.log(`  ✓ ${title}${detail ? ` — ${detail}` : ''} (${seconds()})`);
    } catch (error) {
      failed += 1;
      console.log(
        `  ✗ ${title} (${seconds()})\n    ${firstLines(error instanceof Error ? error.message : String(error), 12)}`,
      );
      if (vital) break;
    }
  }
  const left = points.length - passed - failed;
  console.log(`\n${passed} passed, ${failed} failed${left > 0 ? `, ${left} not tried` : ''}`);
  return failed === 0;
}
