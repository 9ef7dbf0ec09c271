import { newId } from '@souk/service-runtime';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { brokenStock, insertTestProducts } from '../../test/builders.ts';
import { type RunningProductService, runProductService } from '../../test/running-product-service.ts';

let service: RunningProductService;
beforeAll(async () => {
  service = await runProductService({ seeded: true });
});
afterAll(() => service.stop());

const killConnections = () =>
  // A role may end its own connections.
  service.database.pool.query(
    `SELECT pg_terminate_backend(pid) FROM pg_stat_activity
     WHERE datname = current_database() AND application_name LIKE 'souk test product-service%'`,
  );

it('answers 503 with Retry-After while connections are killed, never another 5xx, and holds the stock together', async () => {
  const products = await insertTestProducts(service.database.pool, [500, 500]);
  const items = products.map(({ id }) => ({ productId: id, quantity: 1 }));
  const statuses = new Map<number, number>();
  let killing = true;
  const killer = (async () => {
    while (killing) {
      await killConnections();
      await new Promise((resolve) => setTimeout(resolve, 150));
    }
  })();
  const buyers = Array.from({ length: 8 }, async () => {
    for (let i = 0; i < 25; i += 1) {
      const orderId = newId();
      const answers = [
        await service.call('PUT', `/internal/reservations/${orderId}`, { as: 'service', body: { items } }),
        await service.call('GET', `/api/v1/products?q=lamp&limit=${1 + (i % 50)}`),
        await service.call('GET', `/api/v1/products/${products[0]?.id}`),
        await service.call('DELETE', `/internal/reservations/${orderId}`, { as: 'service' }),
      ];
      for (const { status, headers } of answers) {
        statuses.set(status, (statuses.get(status) ?? 0) + 1);
        if (status === 503) expect(headers.get('retry-after')).toMatch(/^\d+$/);
      }
    }
  });
  await Promise.all(buyers);
  killing = false;
  await killer;
  expect(new Set([...statuses.keys()].filter((status) => status !== 503))).toEqual(new Set([200, 204]));
  expect(await brokenStock(service.database.ownerPool)).toEqual([]);
  expect(await service.call('GET', '/api/v1/products?limit=3')).toMatchObject({ status: 200 });
});
