import { Refusal } from '@souk/contracts';
import type { ServiceClient, ServiceRequest } from '@souk/http';
import { describe, expect, it } from 'vitest';
import type { z } from 'zod';
import { NOW, ORDER_ID, PRODUCT_ID } from '../../test/builders.ts';
import { createStockClient } from './stock-client.ts';

function answering(status: number, body: unknown) {
  const requests: Omit<ServiceRequest<z.ZodType>, 'schema'>[] = [];
  const client: ServiceClient = {
    request: async ({ schema, ...request }) => {
      requests.push(request);
      if (body instanceof Error) throw body;
      return { status, body: schema.parse(body) as never };
    },
    close: () => Promise.resolve(),
  };
  return { stock: createStockClient(client), requests };
}

const reservation = {
  orderId: ORDER_ID,
  status: 'active',
  expiresAt: NOW.toISOString(),
  items: [
    { productId: PRODUCT_ID, sku: 'TEA-001', name: 'Tea', quantity: 1, unitPrice: { amount: 1, currency: 'EUR' } },
  ],
  total: { amount: 1, currency: 'EUR' },
};
const lines = [{ productId: PRODUCT_ID, quantity: 1, index: 4 }];

describe('the stock client', () => {
  it('reserves by PUT under the order’s id, and sends nothing that product-service does not ask for', async () => {
    const { stock, requests } = answering(200, reservation);
    expect(await stock.reserve(ORDER_ID, lines)).toMatchObject({ kind: 'reserved', reservation: { expiresAt: NOW } });
    expect(requests).toEqual([
      {
        method: 'PUT',
        path: `/internal/reservations/${ORDER_ID}`,
        body: { items: [{ productId: PRODUCT_ID, quantity: 1 }] },
      },
    ]);
  });

  it('takes a reservation that has ended for closed', async () => {
    expect(await answering(200, { ...reservation, status: 'released' }).stock.reserve(ORDER_ID, lines)).toEqual({
      kind: 'closed',
    });
    const refusal = new Refusal('reservation-closed', 'closed');
    expect(await answering(409, refusal).stock.reserve(ORDER_ID, lines)).toEqual({ kind: 'closed' });
  });

  it('passes other refusals on', async () => {
    const refusal = new Refusal('out-of-stock', 'none left');
    await expect(answering(409, refusal).stock.reserve(ORDER_ID, lines)).rejects.toBe(refusal);
  });

  it('releases by DELETE and settles in one call that may be repeated', async () => {
    const deleted = answering(204, undefined);
    await deleted.stock.release(ORDER_ID);
    expect(deleted.requests).toEqual([{ method: 'DELETE', path: `/internal/reservations/${ORDER_ID}` }]);
    const settled = answering(200, { items: [{ orderId: ORDER_ID, status: 'committed' }] });
    const wish = { commit: [ORDER_ID], release: [] };
    expect(await settled.stock.settle(wish)).toEqual([{ orderId: ORDER_ID, status: 'committed' }]);
    expect(settled.requests).toMatchObject([{ method: 'POST', idempotent: true, body: wish }]);
  });
});
