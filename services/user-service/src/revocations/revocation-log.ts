import { encodeRevocationCursor, type RevocationCursor } from './revocation-cursor.ts';
import type { Revocation, RevocationsRead } from './revocation-repository.ts';

/** A transaction that commits late shows its row behind newer ones: this much is read and told again. */
export const LATE_COMMIT_OVERLAP_MS = 5_000;

export interface RevocationPage {
  items: { sessionId: string; at: string }[];
  next: string;
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
    pageAfter({ position, readAtMs }) {
      const overlapMs = readAtMs - LATE_COMMIT_OVERLAP_MS;
      const items = [...entries.values()].filter(
        (entry) => entry.position > position || entry.at.getTime() > overlapMs,
      );
      return {
        items: items.map(({ sessionId, at }) => ({ sessionId, at: at.toISOString() })),
        next: encodeRevocationCursor({ position: newestPosition, readAtMs: lastReadAt?.getTime() ?? 1 }),
      };
    },
  };
}
