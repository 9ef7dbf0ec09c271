import { Refusal } from '@souk/contracts';
import { createMetrics } from '@souk/service-runtime';
import { silentLogger } from '@souk/testing';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { decodeRevocationCursor, encodeRevocationCursor } from './revocation-cursor.ts';
import { createRevocationFeed, type RevocationFeed } from './revocation-feed.ts';
import { PAGE_ITEMS_MAX } from './revocation-log.ts';
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
    // What was read stays fresh, however long a loaded machine takes; what is stale has a test of its own.
    monotonicMs: () => 0,
  });
  await feed.start();
  running.push(feed);
  return feed;
}
afterEach(async () => {
  vi.useRealTimers();
  await Promise.all(running.splice(0).map((feed) => feed.stop()));
});

const sids = (page: { items: { sessionId: string }[] }) => page.items.map((item) => item.sessionId);

describe('polling for revocations', () => {
  it('answers the first poll at once with everything that is kept', async () => {
    const table = aTable();
    table.revoke('a', { agoMs: 300_000 });
    table.revoke('b');
    const feed = await aFeed(table);
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
    // Time stands still: it is no waiting poll.
    expect(sids(await feed.poll(undefined))).toEqual(['a', 'b']);
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
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
    // Time stands still for the polls: only the news can end them.
    const polls = Array.from({ length: 20 }, () => feed.poll(next));
    table.revoke('a');
    feed.wake();
    await vi.advanceTimersByTimeAsync(0);
    for (const page of await Promise.all(polls)) expect(sids(page)).toEqual(['a']);
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

  it('tells more than one answer may hold in pages, each entry once, and then what came meanwhile', async () => {
    const table = aTable();
    for (let index = 0; index < 2 * PAGE_ITEMS_MAX + 1; index += 1) table.revoke(`s${index}`, { agoMs: 300_000 });
    const feed = await aFeed(table);
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
    // Time stands still: no page is waited for.
    const first = await feed.poll(undefined);
    const second = await feed.poll(first.next);
    const third = await feed.poll(second.next);
    expect([first, second, third].map(({ items, more }) => [items.length, more])).toEqual([
      [PAGE_ITEMS_MAX, true],
      [PAGE_ITEMS_MAX, true],
      [1, false],
    ]);
    expect(new Set([first, second, third].flatMap(sids)).size).toBe(2 * PAGE_ITEMS_MAX + 1);
    table.revoke('news');
    feed.wake();
    await vi.advanceTimersByTimeAsync(0);
    expect(sids(await feed.poll(third.next))).toEqual(['news']);
  });

  it('tells again what was committed late behind a page that was told', async () => {
    const table = aTable();
    for (let index = 1; index < PAGE_ITEMS_MAX + 2; index += 1) table.revoke(`s${index}`, { position: index + 1 });
    const feed = await aFeed(table);
    const first = await feed.poll(undefined);
    table.revoke('late', { position: 1 });
    feed.wake();
    const told = [first];
    for (let last = first; told.length < 5 && !told.flatMap(sids).includes('late'); ) {
      last = await feed.poll(last.next);
      told.push(last);
    }
    expect(told.flatMap(sids)).toContain('late');
  });

  it('forgets what is older than a token lives', async () => {
    const table = aTable();
    table.revoke('old', { agoMs: 61_000 });
    table.revoke('new');
    const feed = await aFeed(table, 60_000);
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
    const within = { position: 0, readAtMs: 0, page: { told: 5_000, startedAtMs: Number.MAX_SAFE_INTEGER } };
    for (const given of [cursor, within]) {
      expect(decodeRevocationCursor(encodeRevocationCursor(given))).toEqual(given);
    }
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
