import type { FieldError } from '@souk/contracts';

export const JSON_DEPTH_MAX = 32;
export const JSON_ARRAY_LENGTH_MAX = 1000;

/** One reference token of a JSON pointer (RFC 6901 section 3). */
export function pointerToken(key: string | number): string {
  const text = String(key);
  return text.includes('~') || text.includes('/') ? text.replaceAll('~', '~0').replaceAll('/', '~1') : text;
}

/**
 * What no body may hold, whatever its schema: nesting or arrays beyond the limits, the key `__proto__` (it would set a
 * prototype wherever somebody copies the object), and -0, which no reader of JSON tells from 0. The first find ends it.
 */
export function inspectJson(value: unknown, pointer = '', depth = 1): FieldError | undefined {
  if (typeof value === 'number') {
    return Object.is(value, -0) ? { pointer, detail: 'expected a number other than -0' } : undefined;
  }
  if (typeof value !== 'object' || value === null) return undefined;
  if (depth > JSON_DEPTH_MAX) return { pointer, detail: `expected at most ${JSON_DEPTH_MAX} levels of nesting` };
  if (Array.isArray(value)) {
    if (value.length > JSON_ARRAY_LENGTH_MAX) {
      return { pointer, detail: `expected at most ${JSON_ARRAY_LENGTH_MAX} elements` };
    }
    for (const [index, element] of value.entries()) {
      const found = inspectJson(element, `${pointer}/${index}`, depth + 1);
      if (found !== undefined) return found;
    }
    return undefined;
  }
  for (const key of Object.keys(value)) {
    if (key === '__proto__') return { pointer: `${pointer}/__proto__`, detail: 'unknown field' };
    const member = (value as Record<string, unknown>)[key];
    // Building the pointer only for what can fail keeps flat bodies cheap.
    if (typeof member === 'string' || typeof member === 'boolean' || member === null) continue;
    const found = inspectJson(member, `${pointer}/${pointerToken(key)}`, depth + 1);
    if (found !== undefined) return found;
  }
  return undefined;
}
