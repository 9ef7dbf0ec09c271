import { z } from 'zod';

/** A page of a list as it is answered. */
export interface Page<T> {
  items: T[];
  nextCursor: string | null;
  total: number;
}

export const PAGE_LIMIT_DEFAULT = 20;
export const PAGE_LIMIT_MAX = 100;

/** A query parameter that is a whole number in plain decimal digits; the string form is what arrives. */
export function queryInteger(options: { min: number; max: number }) {
  const { min, max } = options;
  return z
    .string()
    .regex(/^(0|-?[1-9]\d{0,14})$/, `expected a whole number from ${min} to ${max}`)
    .transform(Number)
    .refine((value) => value >= min && value <= max, `expected a whole number from ${min} to ${max}`)
    .meta({ type: 'integer', minimum: min, maximum: max });
}

/** The query parameters of every list, to spread into a `z.strictObject`. */
export const pageQuery = {
  limit: queryInteger({ min: 1, max: PAGE_LIMIT_MAX })
    .default(PAGE_LIMIT_DEFAULT)
    .describe(`How many at most; ${PAGE_LIMIT_DEFAULT} when left out`),
  cursor: z.string().min(1).max(1024).optional().describe('The nextCursor of the page before'),
};

/** The schema of a list's answer. */
export function pageSchema<T extends z.ZodType>(item: T) {
  return z.object({ items: z.array(item), nextCursor: z.string().nullable(), total: z.int().min(0) });
}

/**
 * Makes a page of rows fetched with `limit + 1`: the surplus row tells that there is a next page and is not answered.
 */
export function page<Row, T>(options: {
  rows: readonly Row[];
  limit: number;
  total: number;
  toItem: (row: Row) => T;
  /** The cursor after this row, which is the last of the page. */
  cursorOf: (row: Row) => string;
}): Page<T> {
  const { rows, limit, total, toItem, cursorOf } = options;
  const shown = rows.slice(0, limit);
  const last = shown.at(-1);
  const nextCursor = rows.length > limit && last !== undefined ? cursorOf(last) : null;
  return { items: shown.map(toItem), nextCursor, total };
}
