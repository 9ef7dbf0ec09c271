import { Refusal } from '@souk/contracts';
import { createMetrics } from '@souk/service-runtime';
import { silentLogger } from '@souk/testing';
import { afterEach, describe, expect, it } from 'vitest';
import { decodeRevocationCursor, encodeRevocationCursor } from './revocation-cursor.ts';
import { createRevocationFeed, type RevocationFeed } from './revocation-feed.ts';
import type { Revocation } from './revocation-repository.ts';
import { POLL_WAIT_MS, WAITING_POLLS_MAX } from './waiting-polls.ts';

/** A table that the test writes to. */
function aTable() {
  const rows: Revocation[] = [];
  let down = false;
  return {
    rows,
    revoke(sessionId: string, options: { position?: number; agoMs?: number } = {}) {
      const position = options.position ?? rows.length + 1;
      rows.push({ position, sessionId, at: new Date(Date.now() - (options.agoMs ?? 0)) });
    },
    goDown: () => {
      down = true;
    },
    read: async (since: Date | undefined) => {
      if (down) throw new Refusal('unavailable', 'the test turned the table off');
      return { items: rows.filter((row) => since === undefined || row.at > since), readAt: new Date() };
    },
  };
}

const running: RevocationFeed[] = [];
async function aFeed(table: ReturnType<typeof aTable>, keepMs = 600_000): Promise<RevocationFeed> {
  const feed = createRevocationFeed({
    read: table.read,
    keepMs,
    logger: silentLogger(),
    metrics: createMetrics({ service: 'test', processMetrics: false }),
  });
  await feed.start();
  running.push(feed);
  return feed;
}
afterEach(async () => {
  await Promise.all(running.splice(0).map((feed) => feed.stop()));
});

const sids = (page: { items: { sessionId: string }[] }) => page.items.map((item) => item.sessionId);

describe('polling for revocations', () => {
  it('answers the first poll at once with everything that is kept', async () => {
    const table = aTable();
    table.revoke('a', { agoMs: 300_000 });
    table.revoke('b');
    const feed = await aFeed(table);
    const started = performance.now();
    expect(sids(await feed.poll(undefined))).toEqual(['a', 'b']);
    expect(performance.now() - started).toBeLessThan(POLL_WAIT_MS / 2);
  });

  it('answers after half a second when there is no news', async () => {
    const table = aTable();
    table.revoke('a', { agoMs: 300_000 });
    const feed = await aFeed(table);
    const { next } = await feed.poll(undefined);
    const started = performance.now();
    expect(sids(await feed.poll(next))).toEqual([]);
    expect(performance.now() - started).toBeGreaterThan(POLL_WAIT_MS - 50);
  });

  it('answers waiting polls as soon as something is revoked', async () => {
    const table = aTable();
    const feed = await aFeed(table);
    const { next } = await feed.poll(undefined);
    const started = performance.now();
    const polls = Array.from({ length: 20 }, () => feed.poll(next));
    table.revoke('a');
    feed.wake();
    for (const page of await Promise.all(polls)) expect(sids(page)).toEqual(['a']);
    expect(performance.now() - started).toBeLessThan(POLL_WAIT_MS / 2);
    expect(feed.isRevoked('a')).toBe(true);
  });

  it('tells what was committed late, behind newer entries', async () => {
    const table = aTable();
    table.revoke('newer', { position: 2 });
    const feed = await aFeed(table);
    const { next } = await feed.poll(undefined);
    table.revoke('late', { position: 1, agoMs: 3_000 });
    expect(sids(await feed.poll(next))).toContain('late');
  });

  it('starts again for a cursor from beyond what there is', async () => {
    const table = aTable();
    table.revoke('a', { agoMs: 300_000 });
    const feed = await aFeed(table);
    const after = encodeRevocationCursor({ position: 4_711, readAtMs: Date.now() });
    expect(sids(await feed.poll(after))).toEqual(['a']);
  });

  it('forgets what is older than a token lives', async () => {
    const table = aTable();
    table.revoke('old', { agoMs: 2_000 });
    table.revoke('new');
    const feed = await aFeed(table, 1_000);
    expect(sids(await feed.poll(undefined))).toEqual(['new']);
    expect(feed.isRevoked('old')).toBe(false);
  });

  it('lets 256 polls wait and refuses more', async () => {
    const feed = await aFeed(aTable());
    const { next } = await feed.poll(undefined);
    const polls = Array.from({ length: WAITING_POLLS_MAX }, () => feed.poll(next));
    await expect(feed.poll(next)).rejects.toMatchObject({ code: 'unavailable' });
    expect(feed.waitingPolls()).toBe(WAITING_POLLS_MAX);
    await Promise.all(polls);
    expect(feed.waitingPolls()).toBe(0);
  });

  it('gives the place of a client that leaves to another one', async () => {
    const feed = await aFeed(aTable());
    const { next } = await feed.poll(undefined);
    const leaving = new AbortController();
    const poll = feed.poll(next, leaving.signal);
    leaving.abort();
    await poll;
    expect(feed.waitingPolls()).toBe(0);
  });

  it('does not pass on old knowledge while the table cannot be read', async () => {
    const table = aTable();
    let nowMs = 0;
    const feed = createRevocationFeed({
      read: table.read,
      keepMs: 600_000,
      logger: silentLogger(),
      metrics: createMetrics({ service: 'test', processMetrics: false }),
      monotonicMs: () => nowMs,
    });
    const { next } = await feed.poll(undefined);
    table.goDown();
    nowMs = 1_500;
    await expect(feed.poll(next)).rejects.toMatchObject({ code: 'unavailable' });
    await expect(feed.poll(undefined)).rejects.toMatchObject({ code: 'unavailable' });
  });
});

describe('a cursor of revocations', () => {
  it('comes back as it was', () => {
    const cursor = { position: 17, readAtMs: 1_795_000_000_000 };
    expect(decodeRevocationCursor(encodeRevocationCursor(cursor))).toEqual(cursor);
  });

  it.each([
    ['x'],
    [''],
    ['cjEuMS4='],
    ['r1.1.1'],
    [Buffer.from('r1.-1.5').toString('base64url')],
    ['A'.repeat(65)],
    ['%00'],
  ])('%j is refused at /after', (text) => {
    expect(() => decodeRevocationCursor(text)).toThrow(
      expect.objectContaining({ code: 'validation', errors: [expect.objectContaining({ pointer: '/after' })] }),
    );
  });
});
