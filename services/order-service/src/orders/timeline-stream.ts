import type { Logger } from '@souk/service-runtime';
import { type TimelineEntry, toTimelineEntryJson } from './timeline.ts';

const ENTRIES_PER_READ = 100;
/** Chunks that wait for a slow client; then nothing more is read for it until it catches up. */
const CHUNKS_WAITING_MAX = 16;

export interface TimelineStreamOptions {
  id: string;
  orderId: string;
  sessionId: string;
  afterSequence: number;
  openedAtMs: number;
  closesAtMs: number;
  read: (after: { sequence: number; limit: number }) => Promise<TimelineEntry[]>;
  onClose: (stream: TimelineStream) => void;
  logger: Logger;
}

/** One client that follows one order's timeline. */
export interface TimelineStream {
  readonly id: string;
  readonly orderId: string;
  readonly sessionId: string;
  readonly closesAtMs: number;
  renewedAtMs: number;
  /** Sends what is new, if the newest entry's number says that anything is. */
  deliver(lastSequence: number): void;
  /** Keeps proxies from closing a quiet connection. */
  comment(nowMs: number, everyMs: number): void;
  close(): void;
}

/** Server-sent events as the HTML standard has them (section 9.2): `id`, `event`, and `data` in one line of JSON. */
export function toServerSentEvent(entry: TimelineEntry): string {
  const json = toTimelineEntryJson(entry);
  return `id: ${json.sequence}\nevent: ${json.type}\ndata: ${JSON.stringify(json)}\n\n`;
}

export function createTimelineStream(options: TimelineStreamOptions): {
  stream: TimelineStream;
  body: ReadableStream<Uint8Array>;
} {
  const encoder = new TextEncoder();
  let controller: ReadableStreamDefaultController<Uint8Array> | undefined;
  let sentSequence = options.afterSequence;
  let wroteAtMs = options.openedAtMs;
  let reading = false;
  let again = false;

  const hasRoom = () => controller !== undefined && (controller.desiredSize ?? 0) > 0;
  const write = (text: string) => controller?.enqueue(encoder.encode(text));
  const finish = () => {
    controller = undefined;
    options.onClose(stream);
  };

  const readOn = async () => {
    do {
      again = false;
      const entries = await options.read({ sequence: sentSequence, limit: ENTRIES_PER_READ });
      if (entries.length === 0) continue;
      write(entries.map(toServerSentEvent).join(''));
      sentSequence = entries.at(-1)?.sequence ?? sentSequence;
      again ||= entries.length === ENTRIES_PER_READ;
    } while (again && hasRoom());
  };

  const stream: TimelineStream = {
    id: options.id,
    orderId: options.orderId,
    sessionId: options.sessionId,
    closesAtMs: options.closesAtMs,
    renewedAtMs: options.openedAtMs,
    deliver(lastSequence) {
      if (lastSequence <= sentSequence || !hasRoom()) return;
      again = true;
      if (reading) return;
      reading = true;
      readOn()
        .catch((error: unknown) => options.logger.warn({ error }, 'A timeline could not be read; trying again'))
        .finally(() => {
          reading = false;
        });
    },
    comment(nowMs, everyMs) {
      if (nowMs - wroteAtMs < everyMs || !hasRoom()) return;
      wroteAtMs = nowMs;
      write(': still here\n\n');
    },
    close() {
      if (controller === undefined) return;
      controller.close();
      finish();
    },
  };

  const start = (started: ReadableStreamDefaultController<Uint8Array>) => {
    controller = started;
    // Sent at once, so that the client has its headers before anything happens.
    write(': timeline\n\n');
  };
  const body = new ReadableStream<Uint8Array>({ start, cancel: finish }, { highWaterMark: CHUNKS_WAITING_MAX });
  return { stream, body };
}
