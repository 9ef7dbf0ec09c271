import { randomUUID } from 'node:crypto';
import { waitFor } from '@souk/testing';
import { AN_ADDRESS, aCustomer, anAdministrator, type Customer, type Order, type Platform } from '../../src/index.ts';
import type { HostileWorld, Role } from './hostile-case.ts';

export interface PreparedWorld {
  world: HostileWorld;
  people: Record<Exclude<Role, 'nobody'>, Customer>;
}

/** An owner with orders in each state, a stranger, an administrator, and a product of their own. */
export async function prepareWorld(platform: Platform): Promise<PreparedWorld> {
  const [owner, stranger, admin] = await Promise.all([
    aCustomer(platform),
    aCustomer(platform),
    anAdministrator(platform),
  ]);
  await admin.expect('/api/v1/categories', { body: { slug: 'hostile', name: 'Hostile' } });
  const product = await admin.expect<{ id: string }>('/api/v1/products', {
    body: {
      name: 'A thing that is attacked',
      description: 'Ten of them',
      category: 'hostile',
      price: { amount: 1_000, currency: 'EUR' },
      sku: 'HOSTILE-1',
      stock: 20,
    },
  });
  const productId = product.body.id;
  const order = (paymentMethod?: string) =>
    owner.placeOrder({
      items: [{ productId, quantity: 1 }],
      ...(paymentMethod === undefined ? {} : { paymentMethod }),
    });
  const [paid, shipped, open, cancelled] = await Promise.all([order('tok_ok'), order('tok_ok'), order(), order()]);
  await Promise.all([owner.orderIn('completed', paid.id), owner.orderIn('completed', shipped.id)]);
  await admin.expect(`/api/v1/orders/${shipped.id}/ship`, { body: { carrier: 'Post', trackingNumber: '1' } });
  await owner.expect(`/api/v1/orders/${cancelled.id}/cancel`, { method: 'POST' });
  await waitFor(async () => (await owner.order(cancelled.id)).paymentStatus === 'voided', { timeoutMs: 10_000 });
  const payments = await owner.expect<{ items: { id: string }[] }>(`/api/v1/payments?orderId=${paid.id}`);
  const address = await owner.expect<{ id: string }>('/api/v1/users/me/addresses', { body: AN_ADDRESS });
  const [me, strange, current, inventory] = await Promise.all([
    owner.expect<{ id: string }>('/api/v1/users/me'),
    stranger.expect<{ id: string }>('/api/v1/users/me'),
    owner.expect(`/api/v1/products/${productId}`),
    admin.expect(`/api/v1/products/${productId}/inventory`),
  ]);
  const ids = (each: Order) => each.id;
  return {
    people: { owner, stranger, admin },
    world: {
      userId: me.body.id,
      strangerId: strange.body.id,
      productId,
      etag: current.headers.get('etag') ?? '',
      inventoryEtag: inventory.headers.get('etag') ?? '',
      paidOrderId: ids(paid),
      openOrderId: ids(open),
      cancelledOrderId: ids(cancelled),
      shippedOrderId: ids(shipped),
      paymentId: payments.body.items[0]?.id ?? randomUUID(),
      addressId: address.body.id,
      token: owner.accessToken ?? '',
      refreshToken: owner.refreshToken ?? '',
      profileEtag: me.headers.get('etag') ?? '',
    },
  };
}
