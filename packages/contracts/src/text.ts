import { z } from 'zod';

const CONTROL = /\p{Cc}/u;
const CONTROL_BUT_TAB_AND_NEWLINE = /(?![\t\n])\p{Cc}/u;

/**
 * Text as it may enter the platform: at most `codePointsMax` code points, at least one that is not white space (unless
 * `emptyAllowed`), no NUL, no unpaired surrogate and no control characters (`multiline` allows tab and newline).
 */
export function textSchema(options: { codePointsMax: number; multiline?: boolean; emptyAllowed?: boolean }) {
  const forbidden = options.multiline ? CONTROL_BUT_TAB_AND_NEWLINE : CONTROL;
  return (
    z
      .string()
      // A code point is at most two code units: refuse the absurd before counting.
      .max(options.codePointsMax * 2, `expected at most ${options.codePointsMax} characters`)
      .refine(
        (text) => [...text].length <= options.codePointsMax,
        `expected at most ${options.codePointsMax} characters`,
      )
      .refine(
        (text) => options.emptyAllowed || text.trim() !== '',
        'expected at least one character that is not white space',
      )
      .refine((text) => !forbidden.test(text), 'expected no control characters')
      .refine((text) => text.isWellFormed(), 'expected no unpaired surrogates')
      // JSON Schema counts code points (RFC 8259), as the contract does; what `max` above says is only a first bound.
      .meta({ maxLength: options.codePointsMax, ...(options.emptyAllowed ? {} : { minLength: 1 }) })
  );
}

/** Any UUID in its canonical lower-case form. Ids that the platform makes are UUIDv7. */
export const idSchema = z
  .string()
  .regex(/^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/, 'expected a lower-case UUID');
