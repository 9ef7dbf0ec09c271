import type { RequestContext } from './request-context.ts';

/**
 * Holds a write to the version the client has seen. Call it once the object is found (404 comes first) and before its
 * state is judged (409 comes after): throws `Refusal` `precondition-required` (428) where If-Match is missing or `*`, and
 * `precondition-failed` (412) where no strong tag names `currentVersion`. Returns that version, for the write's WHERE.
 * `compositeTag` accepts `"3-7"` as version 3, for tags that carry a second part.
 */
export function requireVersion(
  _request: RequestContext,
  _currentVersion: number,
  _options?: { compositeTag?: boolean },
): number {
  return undefined as never;
}
