import { moneySchema, Refusal } from '@souk/contracts';
import type { ServiceClient } from '@souk/http';
import { z } from 'zod';

const reservationSchema = z.object({
  orderId: z.string(),
  status: z.enum(['active', 'committed', 'released', 'restocked']),
  expiresAt: z.iso.datetime({ offset: true }).transform((time) => new Date(time)),
  items: z.array(
    z.object({
      productId: z.string(),
      sku: z.string(),
      name: z.string(),
      quantity: z.int().min(1),
      unitPrice: moneySchema,
    }),
  ),
});
export type Reservation = z.output<typeof reservationSchema>;

const settledSchema = z.object({ items: z.array(z.object({ orderId: z.string(), status: z.string() })) });

export interface LineWish {
  productId: string;
  quantity: number;
}

export type ReserveOutcome = { kind: 'reserved'; reservation: Reservation } | { kind: 'closed' };

/** What order-service asks of the stock. */
export interface StockClient {
  /** Throws the `Refusal` of product-service: `out-of-stock`, `validation`, `unavailable`. */
  reserve(orderId: string, lines: readonly LineWish[]): Promise<ReserveOutcome>;
  /** Ends a reservation that no order stands behind. */
  release(orderId: string): Promise<void>;
  /** Answers what became of the stock of each order that product-service knows. */
  settle(wish: { commit: string[]; release: string[] }): Promise<{ orderId: string; status: string }[]>;
}

/** The port's adapter towards product-service. */
export function createStockClient(client: ServiceClient): StockClient {
  return {
    async reserve(orderId, lines) {
      try {
        const { body } = await client.request({
          method: 'PUT',
          path: `/internal/reservations/${orderId}`,
          body: { items: lines.map(({ productId, quantity }) => ({ productId, quantity })) },
          schema: reservationSchema,
        });
        // A repeated PUT may find what expired and was released meanwhile.
        return body.status === 'active' ? { kind: 'reserved', reservation: body } : { kind: 'closed' };
      } catch (error) {
        if (error instanceof Refusal && error.code === 'reservation-closed') return { kind: 'closed' };
        throw error;
      }
    },
    async release(orderId) {
      await client.request({ method: 'DELETE', path: `/internal/reservations/${orderId}`, schema: z.unknown() });
    },
    async settle(wish) {
      const { body } = await client.request({
        method: 'POST',
        path: '/internal/reservations/settle',
        body: wish,
        idempotent: true,
        schema: settledSchema,
      });
      return body.items;
    },
  };
}
