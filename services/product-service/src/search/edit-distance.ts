/** How many typing errors a word of this length may have: as many as a reader would forgive. */
export function editsMax(word: string): number {
  const length = [...word].length;
  if (length <= 3) return 0;
  return length <= 6 ? 1 : 2;
}

/**
 * The least number of typing errors (a letter wrong, missing, too many, or two swapped: optimal string alignment) between
 * what was typed and a word, or the beginning of a word that was not typed to its end. Infinity beyond `max`.
 */
export function editDistance(typed: string, word: string, max: number): number {
  const a = [...typed];
  const b = [...word].slice(0, a.length + max);
  let beforePrevious: number[] = [];
  let previous = Array.from({ length: b.length + 1 }, (_, index) => index);
  for (let i = 1; i <= a.length; i += 1) {
    const current = [i];
    for (let j = 1; j <= b.length; j += 1) {
      const substitution = at(previous, j - 1) + (a[i - 1] === b[j - 1] ? 0 : 1);
      let best = Math.min(substitution, at(previous, j) + 1, at(current, j - 1) + 1);
      if (i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1])
        best = Math.min(best, at(beforePrevious, j - 2) + 1);
      current.push(best);
    }
    if (Math.min(...current) > max) return Number.POSITIVE_INFINITY;
    beforePrevious = previous;
    previous = current;
  }
  // The end of the word may still be missing: the nearest of its beginnings counts, the whole word a little before them.
  const distance = Math.min(...previous);
  return distance <= max ? distance : Number.POSITIVE_INFINITY;
}

function at(row: readonly number[], index: number): number {
  return row[index] ?? Number.POSITIVE_INFINITY;
}
