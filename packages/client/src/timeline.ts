import { toError } from './answer.ts';
import { ConnectionError, ProblemError } from './client-error.ts';
import { sleep } from './deadline.ts';
import type { TimelineEntry } from './generated/api.ts';
import { readChunks, readServerSentEvents } from './server-sent-events.ts';

export interface TimelineOptions {
  /** The last entry that is known already. */
  after?: number | undefined;
  signal?: AbortSignal | undefined;
}

export interface TimelineSource {
  /** Opens the stream after this entry, with a token that is good. */
  open(after: number, signal: AbortSignal): Promise<Response>;
  /** The shop sends a comment every 5 s; after this long without any the connection counts as dead. */
  silenceMs: number;
}

const PAUSE_MS = 500;
const FAILURES_MAX = 5;

/**
 * Entries of an order as they come. The stream opens again after the last one whenever it was closed or cut, without
 * gap or repetition. Ends with the caller's signal or `break`; throws what the shop refuses, and after five failed
 * connections in a row.
 */
export async function* followTimeline(
  source: TimelineSource,
  { after = 0, signal }: TimelineOptions = {},
): AsyncGenerator<TimelineEntry> {
  let last = after;
  let failures = 0;
  while (!signal?.aborted) {
    const closing = new AbortController();
    try {
      const either = signal === undefined ? closing.signal : AbortSignal.any([signal, closing.signal]);
      const response = await source.open(last, either);
      if (!response.ok || response.body === null) throw toError(response, await response.text());
      failures = 0;
      for await (const { data } of readServerSentEvents(readChunks(response.body, source.silenceMs))) {
        const entry = JSON.parse(data) as TimelineEntry;
        if (entry.sequence <= last) continue;
        last = entry.sequence;
        yield entry;
      }
    } catch (error) {
      if (signal?.aborted) return;
      failures += 1;
      if (isFinal(error) || failures >= FAILURES_MAX) throw asClientError(error);
    } finally {
      closing.abort();
    }
    await sleep(PAUSE_MS * 2 ** failures * Math.random(), signal).catch(() => {});
  }
}

function isFinal(error: unknown): boolean {
  return error instanceof ProblemError && error.status < 500;
}

function asClientError(error: unknown): unknown {
  return error instanceof TypeError ? new ConnectionError('The stream was cut', { cause: error }) : error;
}
