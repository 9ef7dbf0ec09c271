import { type Money, sumMoney } from '@souk/contracts';
import type { CartItem } from './cart-repository.ts';
import type { CatalogProduct } from './catalog-client.ts';

export interface CartLine {
  productId: string;
  /** Null once the product was deleted. */
  name: string | null;
  price: Money | null;
  quantity: number;
  available: number;
  lineTotal: Money | null;
}

export interface Cart {
  items: CartLine[];
  total: Money;
}

/** The cart at current names and prices. A line whose product was deleted stays, and counts in no total. */
export function toCart(
  items: readonly CartItem[],
  products: ReadonlyMap<string, CatalogProduct>,
  emptyCurrency: string,
): Cart {
  const lines = items.map((item) => toCartLine(item, products.get(item.productId)));
  const totals = lines.flatMap((line) => (line.lineTotal === null ? [] : [line.lineTotal]));
  return { items: lines, total: sumMoney(totals, totals[0]?.currency ?? emptyCurrency) };
}

function toCartLine({ productId, quantity }: CartItem, product: CatalogProduct | undefined): CartLine {
  if (!product) return { productId, name: null, price: null, quantity, available: 0, lineTotal: null };
  const { name, price, available } = product;
  const lineTotal = { amount: price.amount * quantity, currency: price.currency };
  return { productId, name, price, quantity, available, lineTotal };
}
