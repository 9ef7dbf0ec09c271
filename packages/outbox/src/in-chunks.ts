/** Rows in one statement, so that no lock and no statement is long. */
export const ROWS_PER_STATEMENT = 1_000;

/**
 * Repeats a statement that works on at most `ROWS_PER_STATEMENT` rows until there are no more: a bound to the statement
 * must be none to the rate, or a table grows for ever above it. Answers how many rows there were.
 */
export async function inChunks(
  signal: AbortSignal,
  statement: () => Promise<{ rowCount: number | null }>,
): Promise<number> {
  let total = 0;
  while (!signal.aborted) {
    const rows = (await statement()).rowCount ?? 0;
    total += rows;
    if (rows < ROWS_PER_STATEMENT) break;
  }
  return total;
}
