import { idSchema } from '@souk/contracts';
import { defineRoute, moneySchemaApi, type RouteDefinition, reply } from '@souk/http';
import { z } from 'zod';
import { quantitySchema } from '../orders/order-schemas.ts';
import { type CartDependencies, getCart, putCartItem, removeCartItem } from './change-cart.ts';

const cartSchema = z
  .object({
    items: z.array(
      z
        .object({
          productId: idSchema,
          name: z.string().nullable(),
          price: moneySchemaApi.nullable(),
          quantity: z.int(),
          available: z.int(),
          lineTotal: moneySchemaApi.nullable(),
        })
        .meta({ id: 'CartLine' }),
    ),
    total: moneySchemaApi,
  })
  .meta({ id: 'Cart' });

const putItemSchema = z.strictObject({ quantity: quantitySchema }).meta({ id: 'PutCartItem' });
const itemParams = z.strictObject({ productId: idSchema });

const anExample = {
  items: [
    {
      productId: '019ab000-0000-7000-8000-000000000003',
      name: 'Mountain tea',
      price: { amount: 1299, currency: 'EUR' },
      quantity: 2,
      available: 40,
      lineTotal: { amount: 2598, currency: 'EUR' },
    },
  ],
  total: { amount: 2598, currency: 'EUR' },
};
const cartAnswer = { description: 'The cart at current names and prices', schema: cartSchema, example: anExample };
const tags = ['cart'];

export function createCartRoutes(deps: CartDependencies): RouteDefinition[] {
  return [
    defineRoute({
      method: 'GET',
      path: '/api/v1/cart',
      access: 'user',
      operationId: 'getCart',
      summary: 'Read the cart',
      tags,
      responses: { 200: cartAnswer },
      problems: ['unavailable'],
      handler: async ({ caller }) => reply.ok(await getCart(deps, caller.userId)),
    }),
    defineRoute({
      method: 'DELETE',
      path: '/api/v1/cart',
      access: 'user',
      operationId: 'clearCart',
      summary: 'Empty the cart',
      tags,
      responses: { 204: { description: 'The cart is empty' } },
      problems: [],
      handler: async ({ caller }) => {
        await deps.carts.clear(caller.userId);
        return reply.noContent();
      },
    }),
    ...createItemRoutes(deps),
  ];
}

function createItemRoutes(deps: CartDependencies): RouteDefinition[] {
  const path = '/api/v1/cart/items/{productId}';
  return [
    defineRoute({
      method: 'PUT',
      path,
      access: 'user',
      operationId: 'putCartItem',
      summary: 'Put a product into the cart, or change its quantity',
      tags,
      params: itemParams,
      body: putItemSchema,
      bodyExample: { quantity: 2 },
      responses: { 200: cartAnswer },
      problems: ['not-found', 'unavailable'],
      handler: async ({ params, body, caller }) =>
        reply.ok(await putCartItem(deps, caller.userId, { productId: params.productId, quantity: body.quantity })),
    }),
    defineRoute({
      method: 'DELETE',
      path,
      access: 'user',
      operationId: 'removeCartItem',
      summary: 'Take a product out of the cart',
      tags,
      params: itemParams,
      responses: { 200: cartAnswer },
      problems: ['unavailable'],
      handler: async ({ params, caller }) => reply.ok(await removeCartItem(deps, caller.userId, params.productId)),
    }),
  ];
}
