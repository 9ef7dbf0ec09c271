import { idSchema } from '@souk/contracts';
import { defineRoute, pathIdSchema, type RouteDefinition, reply } from '@souk/http';
import { z } from 'zod';
import { deliverOrder } from './deliver-order.ts';
import type { OrderDependencies } from './order-dependencies.ts';
import { orderNotFound } from './order-errors.ts';
import { anInternalOrderExample, anOrderExample } from './order-examples.ts';
import { toInternalOrderJson } from './order-json.ts';
import { orderRepository } from './order-repository.ts';
import { toOrderReply } from './order-routes.ts';
import { deliverOrderSchema, orderSchema, shipOrderSchema } from './order-schemas.ts';
import { shipOrder } from './ship-order.ts';

const tags = ['fulfillment'];
const etag = { etag: 'The version, as a strong tag' };
const orderAnswer = { description: 'The order', schema: orderSchema, headers: etag, example: anOrderExample };

/** What the warehouse does. */
export function createFulfillmentRoutes(deps: OrderDependencies): RouteDefinition[] {
  return [
    defineRoute({
      method: 'POST',
      path: '/api/v1/orders/{id}/ship',
      access: 'admin',
      operationId: 'shipOrder',
      summary: 'Note that the goods left the warehouse',
      tags,
      params: pathIdSchema,
      body: shipOrderSchema,
      bodyExample: { carrier: 'DHL', trackingNumber: '00340434161094042557' },
      responses: { 200: orderAnswer },
      problems: ['not-found', 'wrong-state'],
      handler: async ({ params, body }) => {
        const { carrier, trackingNumber } = body;
        return toOrderReply(await shipOrder(deps, { orderId: params.id, tracking: { carrier, trackingNumber } }));
      },
    }),
    defineRoute({
      method: 'POST',
      path: '/api/v1/orders/{id}/deliver',
      access: 'admin',
      operationId: 'deliverOrder',
      summary: 'Note that the goods arrived',
      tags,
      params: pathIdSchema,
      body: deliverOrderSchema,
      bodyOptional: true,
      responses: { 200: orderAnswer },
      problems: ['not-found', 'wrong-state'],
      handler: async ({ params }) => toOrderReply(await deliverOrder(deps, params.id)),
    }),
  ];
}

const internalOrderSchema = orderSchema
  .extend({
    contact: z.object({ email: z.string().nullable(), name: z.string(), phone: z.string().nullable() }),
    reservationExpiresAt: z.iso.datetime(),
  })
  .meta({ id: 'InternalOrder' });

/** What other services ask. */
export function createInternalOrderRoutes(deps: Pick<OrderDependencies, 'pool'>): RouteDefinition[] {
  return [
    defineRoute({
      method: 'GET',
      path: '/internal/orders/{id}',
      access: 'service',
      operationId: 'getInternalOrder',
      summary: 'An order as other services need it',
      tags: ['internal'],
      params: z.strictObject({ id: idSchema }),
      responses: {
        200: { description: 'The order', schema: internalOrderSchema, headers: etag, example: anInternalOrderExample },
      },
      problems: ['not-found'],
      handler: async ({ params }) => {
        const order = await orderRepository.find(deps.pool, params.id);
        if (!order) throw orderNotFound();
        return reply.ok(toInternalOrderJson(order), { etag: order.version });
      },
    }),
  ];
}
