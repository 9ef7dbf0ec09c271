import {
  defineRoute,
  fingerprintOf,
  pageSchema,
  pathIdSchema,
  problemReply,
  type Reply,
  type RouteDefinition,
  reply,
  requireVersion,
} from '@souk/http';
import type { CartSource } from '../cart/cart-repository.ts';
import { cancelOrder } from './cancel-order.ts';
import { changeAddress } from './change-address.ts';
import { getOrder } from './get-order.ts';
import { listOrders } from './list-orders.ts';
import type { Order } from './order.ts';
import type { OrderDependencies } from './order-dependencies.ts';
import { anOrderExample, aPlaceOrderExample } from './order-examples.ts';
import { toOrderJson } from './order-json.ts';
import {
  cancelOrderSchema,
  changeAddressSchema,
  orderListQuery,
  orderSchema,
  placeOrderSchema,
  toAddress,
  toResolvedLines,
} from './order-schemas.ts';
import { placeOrder } from './place-order.ts';

export type OrderRouteDependencies = OrderDependencies & { carts: CartSource; cursorSecret: string };

const tags = ['orders'];
const etag = { etag: 'The version, as a strong tag' };
const orderAnswer = { description: 'The order', schema: orderSchema, headers: etag, example: anOrderExample };

export const toOrderReply = (order: Order): Reply => reply.ok(toOrderJson(order), { etag: order.version });

/** What customers do with orders, and administrators with anybody's. */
export function createOrderRoutes(deps: OrderRouteDependencies): RouteDefinition[] {
  return [placeRoute(deps), listRoute(deps), getRoute(deps), changeRoute(deps), cancelRoute(deps)];
}

function placeRoute(deps: OrderRouteDependencies): RouteDefinition {
  return defineRoute({
    method: 'POST',
    path: '/api/v1/orders',
    access: 'user',
    operationId: 'placeOrder',
    summary: 'Place an order',
    description:
      'Reserves the stock at the current prices. Without items the cart is ordered, and emptied. Without a paymentMethod ' +
      'the order waits for POST /payments until its reservation expires.',
    tags,
    idempotencyKey: true,
    body: placeOrderSchema,
    bodyExample: aPlaceOrderExample,
    responses: {
      201: { ...orderAnswer, description: 'The placed order', headers: { ...etag, location: 'The order' } },
    },
    problems: ['out-of-stock', 'cart-empty', 'conflict', 'unavailable'],
    handler: async ({ body, caller, request }) =>
      await placeOrder(deps, {
        userId: caller.userId,
        email: caller.email,
        lines: body.items ? toResolvedLines(body.items) : undefined,
        shippingAddress: toAddress(body.shippingAddress),
        paymentMethod: body.paymentMethod ?? null,
        key: {
          method: request.method,
          path: request.path,
          key: request.idempotencyKey,
          fingerprint: fingerprintOf(body),
        },
        toProblem: (refusal) => problemReply(refusal, request),
      }),
  });
}

function listRoute(deps: OrderRouteDependencies): RouteDefinition {
  return defineRoute({
    method: 'GET',
    path: '/api/v1/orders',
    access: 'user',
    operationId: 'listOrders',
    summary: 'List orders',
    description: "Newest first; one's own, or for administrators everybody's (`scope=all`) and one user's (`userId`).",
    tags,
    query: orderListQuery,
    adminQuery: ['scope', 'userId'],
    responses: {
      200: {
        description: 'A page of orders',
        schema: pageSchema(orderSchema),
        example: { items: [anOrderExample], nextCursor: null, total: 1 },
      },
    },
    problems: ['forbidden'],
    handler: async ({ query, caller }) => {
      const { limit, cursor, status, scope, userId } = query;
      return reply.ok(await listOrders(deps.pool, deps.cursorSecret, { caller, limit, cursor, status, scope, userId }));
    },
  });
}

function getRoute(deps: OrderRouteDependencies): RouteDefinition {
  return defineRoute({
    method: 'GET',
    path: '/api/v1/orders/{id}',
    access: 'user',
    operationId: 'getOrder',
    summary: 'Read an order',
    tags,
    params: pathIdSchema,
    responses: { 200: orderAnswer },
    problems: ['not-found'],
    handler: async ({ params, caller }) => toOrderReply(await getOrder(deps.pool, params.id, caller)),
  });
}

function changeRoute(deps: OrderRouteDependencies): RouteDefinition {
  return defineRoute({
    method: 'PATCH',
    path: '/api/v1/orders/{id}',
    access: 'user',
    operationId: 'changeOrder',
    summary: 'Change the shipping address while the order is unfulfilled',
    tags,
    params: pathIdSchema,
    ifMatch: true,
    body: changeAddressSchema,
    bodyExample: { shippingAddress: aPlaceOrderExample.shippingAddress },
    bodyOptional: true,
    responses: { 200: orderAnswer },
    problems: ['not-found', 'wrong-state'],
    handler: async ({ params, body, caller, request }) =>
      toOrderReply(
        await changeAddress(deps, {
          orderId: params.id,
          caller,
          shippingAddress: body.shippingAddress ? toAddress(body.shippingAddress) : undefined,
          checkVersion: (version) => requireVersion(request, version),
        }),
      ),
  });
}

function cancelRoute(deps: OrderRouteDependencies): RouteDefinition {
  return defineRoute({
    method: 'POST',
    path: '/api/v1/orders/{id}/cancel',
    access: 'user',
    operationId: 'cancelOrder',
    summary: 'Cancel an order that is not on its way',
    description:
      'The stock is released or restocked, the payment voided or refunded. Cancelled already: the same answer.',
    tags,
    params: pathIdSchema,
    body: cancelOrderSchema,
    bodyExample: { reason: 'Ordered twice' },
    bodyOptional: true,
    responses: { 200: orderAnswer },
    problems: ['not-found', 'not-cancellable'],
    handler: async ({ params, body, caller }) =>
      toOrderReply(await cancelOrder(deps, { orderId: params.id, caller, reason: body.reason ?? null })),
  });
}
