import { Refusal } from '@souk/contracts';
import type { IfMatch, RequestContext } from './request-context.ts';

const ENTITY_TAG = /(W\/)?"([\x21\x23-\x7e\x80-\xff]*)"/g;
/** One or more entity tags and nothing else: a part of something broken must not be taken for a tag. */
const ENTITY_TAGS = /^[ \t]*(?:(?:W\/)?"[\x21\x23-\x7e\x80-\xff]*"[ \t]*(?:,[ \t]*|$))+$/;
const VERSION = /^(0|[1-9]\d{0,9})(?:-(?:0|[1-9]\d{0,9}))?$/;

/** Reads If-Match; undefined where it is missing or `*`, which both leave the version unsaid. */
export function parseIfMatch(header: string | undefined): IfMatch | undefined {
  if (header === undefined || header.trim() === '*') return undefined;
  const tags: string[] = [];
  if (!ENTITY_TAGS.test(header)) return { version: -1, tags };
  // RFC 9110 section 13.1.1: the comparison is strong, so weak tags never match.
  for (const [, weak, tag] of header.matchAll(ENTITY_TAG)) if (weak === undefined) tags.push(tag ?? '');
  const version = VERSION.exec(tags[0] ?? '')?.[1];
  return { version: version === undefined ? -1 : Number(version), tags };
}

/** RFC 9110 section 13.1.2: weak comparison. `etag` is the quoted strong tag of the answer. */
export function isNotModified(ifNoneMatch: string | undefined, etag: string): boolean {
  if (ifNoneMatch === undefined) return false;
  if (ifNoneMatch === etag || ifNoneMatch.trim() === '*') return true;
  for (const [, , tag] of ifNoneMatch.matchAll(ENTITY_TAG)) if (`"${tag}"` === etag) return true;
  return false;
}

/**
 * Holds a write to the version the client has seen. Call it once the object is found (404 comes first) and before its
 * state is judged (409 comes after): throws `Refusal` `precondition-required` (428) where If-Match is missing or `*`, and
 * `precondition-failed` (412) where no strong tag names `currentVersion`. Returns that version, for the write's WHERE.
 * `compositeTag` accepts `"3-7"` as version 3, for tags that carry a second part.
 */
export function requireVersion(
  request: Pick<RequestContext, 'ifMatch'>,
  currentVersion: number,
  options: { compositeTag?: boolean } = {},
): number {
  if (request.ifMatch === undefined) {
    throw new Refusal('precondition-required', 'Expected an If-Match header with the ETag of the resource');
  }
  const current = String(currentVersion);
  const matches = request.ifMatch.tags.some(
    (tag) => tag === current || (options.compositeTag === true && VERSION.exec(tag)?.[1] === current),
  );
  if (!matches) throw preconditionFailed();
  return currentVersion;
}

/** Also for a write whose `WHERE version = …` met no row: somebody was faster. */
export function preconditionFailed(): Refusal {
  return new Refusal('precondition-failed', 'The resource has changed since; read it again');
}
