import { idSchema, Refusal } from '@souk/contracts';
import { defineRoute, moneySchemaApi, type RouteDefinition, reply } from '@souk/http';
import { z } from 'zod';
import { LIMITS } from '../config.ts';
import { type Reservation, reservationStatuses, reservationTotal } from './reservation.ts';
import { findReservation } from './reservation-repository.ts';
import { type ReserveStockDependencies, reserveStock } from './reserve-stock.ts';
import { retryConflicts } from './retry-conflicts.ts';
import { type StockAlarm, settleReservations } from './settle-reservations.ts';

export interface ReservationRouteDependencies extends ReserveStockDependencies {
  currency: string;
  alarm: StockAlarm;
}

const orderIdParams = z.strictObject({ orderId: idSchema });

export const reservationSchema = z
  .object({
    orderId: idSchema,
    status: z.enum(reservationStatuses),
    expiresAt: z.iso.datetime(),
    items: z.array(
      z.object({
        productId: idSchema,
        sku: z.string(),
        name: z.string(),
        quantity: z.int().min(1),
        unitPrice: moneySchemaApi,
      }),
    ),
    total: moneySchemaApi,
  })
  .meta({ id: 'Reservation' });

const reserveBody = z.strictObject({
  items: z
    .array(z.strictObject({ productId: idSchema, quantity: z.int().min(1).max(LIMITS.lineQuantityMax) }))
    .min(1)
    .max(LIMITS.reservationLinesMax),
});

const idList = z.array(idSchema).max(LIMITS.settleIdsMax).default([]);
const settleBody = z.strictObject({ commit: idList, release: idList });
const settledSchema = z.object({
  items: z.array(z.object({ orderId: idSchema, status: z.enum(reservationStatuses) })),
});

const RESERVATION_EXAMPLE = {
  orderId: '0198d2f0-5a1e-7c3b-9f4d-2b6a8c0e1f23',
  status: 'active',
  expiresAt: '2026-11-24T12:15:00.000Z',
  items: [
    {
      productId: '0198d2ef-0c4a-7b21-8e5f-6d7c8b9a0f12',
      sku: 'AUD-1001',
      name: 'Aria Over-Ear Headphones',
      quantity: 1,
      unitPrice: { amount: 14_900, currency: 'EUR' },
    },
  ],
  total: { amount: 14_900, currency: 'EUR' },
};

function toReservationAnswer(reservation: Reservation, currency: string): z.infer<typeof reservationSchema> {
  return {
    orderId: reservation.orderId,
    status: reservation.status,
    expiresAt: reservation.expiresAt.toISOString(),
    items: reservation.items.map(({ productId, sku, name, quantity, unitPrice }) => ({
      productId,
      sku,
      name,
      quantity,
      unitPrice,
    })),
    total: reservationTotal(reservation, currency),
  };
}

/** Stock for orders: called by order-service only. */
export function reservationRoutes(deps: ReservationRouteDependencies): RouteDefinition[] {
  return [putReservation(deps), getReservation(deps), deleteReservation(deps), settle(deps)];
}

function putReservation(deps: ReservationRouteDependencies): RouteDefinition {
  return defineRoute({
    method: 'PUT',
    path: '/internal/reservations/{orderId}',
    access: 'service',
    operationId: 'reserveStock',
    summary: 'Hold stock for an order, all lines or none; idempotent',
    tags: ['reservations'],
    params: orderIdParams,
    body: reserveBody,
    bodyExample: { items: [{ productId: RESERVATION_EXAMPLE.items[0]?.productId, quantity: 1 }] },
    responses: {
      200: { description: 'The stock is held', schema: reservationSchema, example: RESERVATION_EXAMPLE },
    },
    problems: ['out-of-stock', 'reservation-closed', 'conflict', 'validation'],
    handler: async ({ params, body }) => {
      const reservation = await reserveStock(deps, { orderId: params.orderId, items: body.items });
      return reply.ok(toReservationAnswer(reservation, deps.currency));
    },
  });
}

function getReservation(deps: ReservationRouteDependencies): RouteDefinition {
  return defineRoute({
    method: 'GET',
    path: '/internal/reservations/{orderId}',
    access: 'service',
    operationId: 'getReservation',
    summary: 'The reservation of an order',
    tags: ['reservations'],
    params: orderIdParams,
    responses: { 200: { description: 'The reservation', schema: reservationSchema, example: RESERVATION_EXAMPLE } },
    problems: ['not-found'],
    handler: async ({ params }) => {
      const reservation = await findReservation(deps.pool, params.orderId);
      if (reservation === undefined) throw new Refusal('not-found', 'No reservation was ever made for this order');
      return reply.ok(toReservationAnswer(reservation, deps.currency));
    },
  });
}

function deleteReservation(deps: ReservationRouteDependencies): RouteDefinition {
  return defineRoute({
    method: 'DELETE',
    path: '/internal/reservations/{orderId}',
    access: 'service',
    operationId: 'releaseStock',
    summary: 'Give the stock of an order back; idempotent, also for an order that never reserved',
    tags: ['reservations'],
    params: orderIdParams,
    responses: { 204: { description: 'Nothing is held for this order any more, and nothing will be' } },
    problems: [],
    handler: async ({ params }) => {
      const wanted = [{ orderId: params.orderId, ending: 'release' as const }];
      await retryConflicts(() => settleReservations(deps.pool, wanted, deps.now()));
      return reply.noContent();
    },
  });
}

function settle(deps: ReservationRouteDependencies): RouteDefinition {
  return defineRoute({
    method: 'POST',
    path: '/internal/reservations/settle',
    access: 'service',
    operationId: 'settleReservations',
    summary: 'End the reservations of many decided orders; idempotent',
    description:
      'Answers the status each reservation has now. An order that was to be committed and never reserved is left out and raises an alarm.',
    tags: ['reservations'],
    body: settleBody,
    bodyExample: { commit: [RESERVATION_EXAMPLE.orderId], release: [] },
    responses: {
      200: {
        description: 'What each reservation is now',
        schema: settledSchema,
        example: { items: [{ orderId: RESERVATION_EXAMPLE.orderId, status: 'committed' }] },
      },
    },
    problems: ['validation'],
    handler: async ({ body }) => {
      const statuses = new Map<string, string>();
      // An id in both lists is sold and then given back, as its order's history would have it.
      for (const [ending, orderIds] of [
        ['commit', body.commit],
        ['release', body.release],
      ] as const) {
        const wanted = [...new Set(orderIds)].map((orderId) => ({ orderId, ending }));
        const { ended, refused } = await retryConflicts(() => settleReservations(deps.pool, wanted, deps.now()));
        deps.alarm.raise(refused);
        for (const { orderId, status } of ended) if (status !== undefined) statuses.set(orderId, status);
      }
      return reply.ok({ items: [...statuses].map(([orderId, status]) => ({ orderId, status })) });
    },
  });
}
