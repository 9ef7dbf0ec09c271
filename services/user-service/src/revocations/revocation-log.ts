import { encodeRevocationCursor, type RevocationCursor } from './revocation-cursor.ts';
import type { Revocation, RevocationsRead } from './revocation-repository.ts';

/** A transaction that commits late shows its row behind newer ones: this much is read and told again. */
export const LATE_COMMIT_OVERLAP_MS = 5_000;

/** About half a megabyte: however much was revoked at once, no answer is too long for who verifies. */
export const PAGE_ITEMS_MAX = 5_000;

export interface RevocationPage {
  items: { sessionId: string; at: string }[];
  next: string;
  /** Ask again at once: this answer goes on. */
  more: boolean;
}

/** The revocations of one token life, in memory. */
export interface RevocationLog {
  /** From where to read on; undefined before the first reading. */
  readSince(): Date | undefined;
  /** Takes in what was read; whether any of it was new. */
  take(read: RevocationsRead): boolean;
  /** Takes effect here now, before it is read back. */
  add(sessionIds: readonly string[]): void;
  isRevoked(sessionId: string): boolean;
  newestPosition(): number;
  pageAfter(cursor: RevocationCursor): RevocationPage;
}

/** Entries older than `keepMs` are forgotten: no token of their sessions can be alive any more. */
export function createRevocationLog({ keepMs }: { keepMs: number }): RevocationLog {
  const entries = new Map<number, Revocation>();
  const revokedSessions = new Map<string, number>();
  let newestPosition = 0;
  let lastReadAt: Date | undefined;

  const forgetBefore = (limitMs: number) => {
    for (const [position, entry] of entries) if (entry.at.getTime() < limitMs) entries.delete(position);
    for (const [sessionId, atMs] of revokedSessions) if (atMs < limitMs) revokedSessions.delete(sessionId);
  };

  return {
    readSince: () => (lastReadAt === undefined ? undefined : new Date(lastReadAt.getTime() - LATE_COMMIT_OVERLAP_MS)),
    take({ items, readAt }) {
      const news = items.filter((item) => !entries.has(item.position));
      for (const item of news) {
        entries.set(item.position, item);
        revokedSessions.set(item.sessionId, item.at.getTime());
        newestPosition = Math.max(newestPosition, item.position);
      }
      lastReadAt = readAt;
      forgetBefore(readAt.getTime() - keepMs);
      return news.length > 0;
    },
    add(sessionIds) {
      const atMs = Date.now();
      for (const sessionId of sessionIds) revokedSessions.set(sessionId, atMs);
    },
    isRevoked: (sessionId) => revokedSessions.has(sessionId),
    newestPosition: () => newestPosition,
    pageAfter({ position, readAtMs, page }) {
      const overlapMs = readAtMs - LATE_COMMIT_OVERLAP_MS;
      const told = page?.told ?? 0;
      // What comes late behind a page is told again by the overlap, which begins at the first page.
      const startedAtMs = page?.startedAtMs ?? lastReadAt?.getTime() ?? 1;
      const due = [...entries.values()]
        .filter((entry) => entry.position > told && (entry.position > position || entry.at.getTime() > overlapMs))
        .sort((a, b) => a.position - b.position);
      const items = due.slice(0, PAGE_ITEMS_MAX);
      const last = items.at(-1);
      const more = last !== undefined && due.length > items.length;
      return {
        items: items.map(({ sessionId, at }) => ({ sessionId, at: at.toISOString() })),
        next: encodeRevocationCursor(
          more
            ? { position, readAtMs, page: { told: last.position, startedAtMs } }
            : { position: newestPosition, readAtMs: startedAtMs },
        ),
        more,
      };
    },
  };
}
