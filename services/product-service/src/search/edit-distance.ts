/** How many typing errors a word of this length may have: as many as a reader would forgive. */
export function editsMax(word: string): number {
  const length = [...word].length;
  if (length <= 3) return 0;
  return length <= 6 ? 1 : 2;
}

export interface EditDistance {
  /** To the word as it is. */
  whole: number;
  /** To the nearest of its beginnings: it may not have been typed to its end. */
  beginning: number;
}

/**
 * How many typing errors (a letter wrong, missing, too many, or two swapped: optimal string alignment) lie between what was
 * typed and a word. Infinity beyond `max`.
 */
export function editDistance(typed: string, word: string, max: number): EditDistance {
  const a = [...typed];
  const letters = [...word];
  const b = letters.slice(0, a.length + max);
  let beforePrevious: number[] = [];
  let previous = Array.from({ length: b.length + 1 }, (_, index) => index);
  for (let i = 1; i <= a.length; i += 1) {
    const current = [i];
    for (let j = 1; j <= b.length; j += 1) {
      const substitution = at(previous, j - 1) + (a[i - 1] === b[j - 1] ? 0 : 1);
      let best = Math.min(substitution, at(previous, j) + 1, at(current, j - 1) + 1);
      if (i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1]) {
        best = Math.min(best, at(beforePrevious, j - 2) + 1);
      }
      current.push(best);
    }
    beforePrevious = previous;
    previous = current;
  }
  const whole = b.length === letters.length ? at(previous, b.length) : Number.POSITIVE_INFINITY;
  return { whole: within(whole, max), beginning: within(Math.min(...previous), max) };
}

function within(distance: number, max: number): number {
  return distance <= max ? distance : Number.POSITIVE_INFINITY;
}

function at(row: readonly number[], index: number): number {
  return row[index] ?? Number.POSITIVE_INFINITY;
}
