import { Refusal } from '@souk/contracts';
import { expect, it } from 'vitest';
import { problemDocument } from './problem.ts';

const instanceOf = (path: string) =>
  problemDocument(new Refusal('not-found', 'There is nothing'), { path, traceId: '0'.repeat(32) }).instance;

it.each([
  '/api/v1/orders',
  '/api/v1/orders/01a21012-60da-7130-9004-123456789015',
  '/api/v1/products/%F0%9F%8D%8B/a..b//c;x',
  '*',
])('names the path as it came: %s', (path) => {
  expect(instanceOf(path)).toBe(path);
});

it.each(['4242424242424242', 'eyJhbGciOiJub25lIn0.eyJzdWIiOiJub2JvZHkifQ.c2lnbmF0dXJl'])(
  'does not repeat a secret that somebody has put into a path: %s',
  (secret) => {
    expect(instanceOf(`/api/v1/orders/${secret}`)).toBe('/api/v1/orders/[redacted]');
  },
);
