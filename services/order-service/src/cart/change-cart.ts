import type { Clock } from '@souk/service-runtime';
import { cartFull, productNotFound } from '../orders/order-errors.ts';
import { type Cart, toCart } from './cart.ts';
import type { CartItem, CartRepository } from './cart-repository.ts';
import type { CatalogClient } from './catalog-client.ts';

export const CART_LINES_MAX = 100;

export interface CartDependencies {
  carts: CartRepository;
  catalog: CatalogClient;
  clock: Clock;
  /** Of the total of an empty cart. */
  currency: string;
}

export async function getCart(deps: CartDependencies, userId: string): Promise<Cart> {
  const items = await deps.carts.list(userId);
  const products = await deps.catalog.findProducts(items.map((item) => item.productId));
  return toCart(items, products, deps.currency);
}

/** Sets the quantity of a product. Whether so many are there is decided when the order is placed. */
export async function putCartItem(deps: CartDependencies, userId: string, item: CartItem): Promise<Cart> {
  const known = await deps.catalog.findProducts([item.productId]);
  if (!known.has(item.productId)) throw productNotFound();
  const isPut = await deps.carts.put(userId, item, { linesMax: CART_LINES_MAX, at: deps.clock.now() });
  if (!isPut) throw cartFull(CART_LINES_MAX);
  return await getCart(deps, userId);
}

/** Takes a product out; one that is not in the cart is out already. */
export async function removeCartItem(deps: CartDependencies, userId: string, productId: string): Promise<Cart> {
  await deps.carts.remove(userId, productId);
  return await getCart(deps, userId);
}
