import { describe, expect, it } from 'vitest';
import { groupCoverage, LINES_MIN, renderCoverage } from './coverage.mjs';

const lines = (total: number, covered: number) => ({ lines: { total, covered } });

describe('the coverage', () => {
  it('is that of each package, of each service, and of each folder of a service', () => {
    const groups = groupCoverage(
      {
        total: lines(1_000, 1),
        '/souk/packages/http/src/app.ts': lines(10, 10),
        '/souk/packages/http/src/deep/er.ts': lines(10, 5),
        '/souk/services/order-service/src/app.ts': lines(4, 4),
        '/souk/services/order-service/src/orders/order.ts': lines(16, 12),
      },
      '/souk',
    );
    expect(groups).toEqual([
      { name: 'packages/http', total: 20, covered: 15, percent: 75 },
      { name: 'services/order-service', total: 20, covered: 16, percent: 80 },
      { name: 'services/order-service/src/orders', total: 16, covered: 12, percent: 75 },
    ]);
  });

  it('of what has no lines is whole', () => {
    expect(groupCoverage({ '/souk/packages/types/src/index.ts': lines(0, 0) }, '/souk')[0]?.percent).toBe(100);
  });

  it('is a line for each workspace, and one for each folder that is too low', () => {
    const { text, low } = renderCoverage([
      { name: 'packages/http', total: 1_000, covered: 900, percent: 90 },
      { name: 'services/order-service', total: 100, covered: 95, percent: 95 },
      { name: 'services/order-service/src/cart', total: 10, covered: 10, percent: 100 },
      { name: 'services/order-service/src/orders', total: 10_000, covered: 8_999, percent: 89.99 },
    ]);
    expect(text.split('\n').map((line) => line.replaceAll(/ +/g, ' ').trim())).toEqual([
      'Lines covered',
      'packages/http 900 of 1000 90.0 %',
      'services/order-service 95 of 100 95.0 %',
      'services/order-service/src/orders 8999 of 10000 89.9 % too low',
    ]);
    expect(low.map(({ name }: { name: string }) => name)).toEqual(['services/order-service/src/orders']);
    expect(LINES_MIN).toBe(90);
  });
});
