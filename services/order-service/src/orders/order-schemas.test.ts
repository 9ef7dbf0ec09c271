import { describe, expect, it } from 'vitest';
import { anAddress, OTHER_PRODUCT_ID, PRODUCT_ID } from '../../test/builders.ts';
import { placeOrderSchema, toAddress, toResolvedLines } from './order-schemas.ts';

const parse = (body: Record<string, unknown>) => placeOrderSchema.safeParse({ shippingAddress: anAddress(), ...body });

describe('the lines of an order', () => {
  it('are added up by product, each at the place where it first stood', () => {
    const lines = toResolvedLines([
      { productId: PRODUCT_ID, quantity: 1 },
      { productId: OTHER_PRODUCT_ID, quantity: 2 },
      { productId: PRODUCT_ID, quantity: 3 },
    ]);
    expect(lines).toEqual([
      { productId: PRODUCT_ID, quantity: 4, index: 0 },
      { productId: OTHER_PRODUCT_ID, quantity: 2, index: 1 },
    ]);
  });

  it('are at most 99 of one product together', () => {
    const items = [99, 1].map((quantity) => ({ productId: PRODUCT_ID, quantity }));
    const result = parse({ items });
    expect(result.error?.issues.map(({ path }) => path.join('/'))).toEqual(['items/1/quantity']);
    expect(parse({ items: items.map((item) => ({ ...item, quantity: 49 })) }).success).toBe(true);
  });

  it('may be left out or null for the cart, but not be empty', () => {
    expect(parse({}).success).toBe(true);
    expect(parse({ items: null }).success).toBe(true);
    expect(parse({ items: [] }).success).toBe(false);
  });
});

describe('a payment method', () => {
  it('is a token, and a refused one is not repeated', () => {
    for (const paymentMethod of ['tok_ok', 'pm_1AbC', null, undefined])
      expect(parse({ paymentMethod }).success).toBe(true);
    for (const paymentMethod of ['4242424242424242', 'tok-secret', `tok_${'x'.repeat(65)}`, 4242]) {
      const result = parse({ paymentMethod });
      expect(result.success).toBe(false);
      expect(JSON.stringify(result.error?.issues.map(({ message }) => message))).not.toContain(String(paymentMethod));
    }
  });
});

it('an address without its optional fields has null for them', () => {
  const { line2, phone, ...rest } = anAddress();
  expect([line2, phone]).not.toContain(undefined);
  expect(toAddress(rest)).toEqual({ ...rest, line2: null, phone: null });
});
