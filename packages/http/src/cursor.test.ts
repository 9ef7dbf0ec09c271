import { expect, test } from 'vitest';
import { createCursorCodec } from './cursor.ts';
import { page, pageQuery } from './page.ts';
import { createSealer, SealBrokenError } from './sealer.ts';

const secret = 's'.repeat(32);
const codec = createCursorCodec({ secret, scope: 'orders:newest:user-1' });

test('a cursor gives back what it was made of', () => {
  const values = ['2026-01-01T00:00:00.000Z', 'ü/"', 42, 0.5];
  const cursor = codec.encode(values);
  expect(cursor).toMatch(/^[A-Za-z0-9_-]+$/);
  expect(codec.decode(cursor)).toEqual(values);
});

test('a forged, foreign, cut or lengthened cursor is refused at /cursor', () => {
  const cursor = codec.encode(['a', 1]);
  const foreign = createCursorCodec({ secret, scope: 'orders:newest:user-2' }).encode(['a', 1]);
  const otherSecret = createCursorCodec({ secret: 'x'.repeat(32), scope: 'orders:newest:user-1' }).encode(['a', 1]);
  const changed = cursor.slice(0, -2) + (cursor.endsWith('A') ? 'BB' : 'AA');
  const bare = Buffer.from('["a",1]').toString('base64url');
  const forged = [
    foreign,
    otherSecret,
    changed,
    bare,
    '',
    'a',
    '!',
    `${cursor}=`,
    `${cursor}A`,
    `${cursor} `,
    cursor.slice(1),
    'A'.repeat(5000),
  ];
  for (const text of forged) {
    expect(() => codec.decode(text)).toThrow(
      expect.objectContaining({ code: 'validation', errors: [expect.objectContaining({ pointer: '/cursor' })] }),
    );
  }
});

test.each(['0', '-1', '101', '1e2', '1.0', 'abc', '', ' 5', '+5', '05', '0x10', '9'.repeat(30)])(
  'limit=%s is refused',
  (limit) => {
    expect(pageQuery.limit.safeParse(limit).success).toBe(false);
  },
);

test('limit is 20 when it is not given, and up to 100', () => {
  expect(pageQuery.limit.parse(undefined)).toBe(20);
  expect(pageQuery.limit.parse('100')).toBe(100);
});

test('a page has a cursor only where another row follows', () => {
  const options = { total: 3, toItem: (row: number) => row * 10, cursorOf: (row: number) => `after ${row}` };
  expect(page({ ...options, rows: [1, 2, 3], limit: 2 })).toEqual({ items: [10, 20], nextCursor: 'after 2', total: 3 });
  expect(page({ ...options, rows: [3], limit: 2 })).toEqual({ items: [30], nextCursor: null, total: 3 });
  expect(page({ ...options, rows: [], limit: 2 })).toEqual({ items: [], nextCursor: null, total: 3 });
});

test('what is sealed is opened with the same secret and purpose only', async () => {
  const sealer = createSealer({ secret, purpose: 'password-reset' });
  const sealed = await sealer.seal('token ü');
  expect(sealed).not.toContain('token');
  expect(await sealer.seal('token ü')).not.toBe(sealed);
  expect(await sealer.open(sealed)).toBe('token ü');
  const others = [
    () => createSealer({ secret, purpose: 'other' }).open(sealed),
    () => createSealer({ secret: 'x'.repeat(32), purpose: 'password-reset' }).open(sealed),
    () => sealer.open(`${sealed.slice(0, -3)}AAA`),
    () => sealer.open('nonsense'),
  ];
  for (const open of others) await expect(open()).rejects.toThrow(SealBrokenError);
});
