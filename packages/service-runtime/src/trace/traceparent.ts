import { AsyncLocalStorage } from 'node:async_hooks';
import { randomUUID } from 'node:crypto';

/** W3C Trace Context level 1, version 00. */
export interface Traceparent {
  traceId: string;
  parentId: string;
  sampled: boolean;
}

const PATTERN = /^([0-9a-f]{2})-([0-9a-f]{32})-([0-9a-f]{16})-([0-9a-f]{2})(-.*)?$/;

/** Reads a traceparent header; undefined when it is not valid (section 3.2 of the recommendation: then a new trace begins). */
export function parseTraceparent(value: string | undefined): Traceparent | undefined {
  const match = value === undefined ? null : PATTERN.exec(value);
  if (match === null) return undefined;
  const [, version = 'ff', traceId = '', parentId = '', flags = '00', rest] = match;
  if (version === 'ff' || (version === '00' && rest !== undefined)) return undefined;
  if (/^0+$/.test(traceId) || /^0+$/.test(parentId)) return undefined;
  return { traceId, parentId, sampled: (Number.parseInt(flags, 16) & 1) === 1 };
}

export function formatTraceparent(trace: Traceparent): string {
  return `00-${trace.traceId}-${trace.parentId}-${trace.sampled ? '01' : '00'}`;
}

/** Begins a trace. */
export function newTraceparent(): string {
  return `00-${randomUUID().replaceAll('-', '')}-${newSpanId()}-01`;
}

/** The same trace with a new span; a new trace when there is none to continue. */
export function childTraceparent(traceparent: string | undefined): string {
  const parent = parseTraceparent(traceparent);
  return parent === undefined ? newTraceparent() : formatTraceparent({ ...parent, parentId: newSpanId() });
}

function newSpanId(): string {
  // The first 64 bits of a v4 UUID: 60 of them random, and node keeps a pool, which randomBytes(8) does not.
  return randomUUID().replaceAll('-', '').slice(0, 16);
}

interface TraceContext {
  traceparent: string | undefined;
  /** For work on a batch: the trace of each aggregate in it. */
  bySubject?: ReadonlyMap<string, string> | undefined;
}

const storage = new AsyncLocalStorage<TraceContext>();

/** The traceparent of the work that runs now; with `subject`, inside a batch, that of the message about this aggregate. */
export function currentTraceparent(subject?: string): string | undefined {
  const context = storage.getStore();
  if (context === undefined) return undefined;
  return (subject === undefined ? undefined : context.bySubject?.get(subject)) ?? context.traceparent;
}

/** Runs `fn` as part of a trace. */
export function runWithTraceparent<T>(traceparent: string | undefined, fn: () => T): T {
  return storage.run({ traceparent }, fn);
}

/** Runs `fn` for a batch of messages, each with a trace of its own. */
export function runWithTraceparents<T>(bySubject: ReadonlyMap<string, string>, fn: () => T): T {
  return storage.run({ traceparent: bySubject.values().next().value, bySubject }, fn);
}
