import { expect, it } from 'vitest';
import { euros, OTHER_PRODUCT_ID, PRODUCT_ID } from '../../test/builders.ts';
import { toCart } from './cart.ts';

it('a cart counts what can be bought at current prices, and keeps what cannot', () => {
  const products = new Map([[PRODUCT_ID, { id: PRODUCT_ID, name: 'Tea', price: euros(250), available: 3 }]]);
  const items = [
    { productId: PRODUCT_ID, quantity: 4 },
    { productId: OTHER_PRODUCT_ID, quantity: 1 },
  ];
  expect(toCart(items, products, 'EUR')).toEqual({
    items: [
      { productId: PRODUCT_ID, name: 'Tea', price: euros(250), quantity: 4, available: 3, lineTotal: euros(1000) },
      { productId: OTHER_PRODUCT_ID, name: null, price: null, quantity: 1, available: 0, lineTotal: null },
    ],
    total: euros(1000),
  });
  expect(toCart([], products, 'USD').total).toEqual({ amount: 0, currency: 'USD' });
});
