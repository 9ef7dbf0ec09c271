import { moneySchema } from '@souk/contracts';
import type { ServiceClient } from '@souk/http';
import { z } from 'zod';

/** What order-service says of an order that somebody wants to pay. */
export interface PayableOrder {
  id: string;
  userId: string;
  status: string;
  paymentMethod: string | null;
  total: { amount: number; currency: string };
  contact: { email: string | null; name: string; phone: string | null };
  reservationExpiresAt: Date | null;
}

export interface OrderDirectory {
  /** Throws `Refusal`: `not-found`, or `unavailable` where order-service cannot tell. */
  getOrder(id: string, request: { signal: AbortSignal; traceparent: string }): Promise<PayableOrder>;
}

const orderSchema = z.object({
  id: z.string(),
  userId: z.string(),
  status: z.string(),
  paymentMethod: z.string().nullable(),
  total: moneySchema,
  contact: z.object({ email: z.string().nullable(), name: z.string(), phone: z.string().nullish() }),
  reservationExpiresAt: z.string().nullish(),
});

export function createOrderDirectory(client: ServiceClient): OrderDirectory {
  return {
    async getOrder(id, { signal, traceparent }) {
      const { body } = await client.request({
        method: 'GET',
        path: `/internal/orders/${id}`,
        signal,
        traceparent,
        schema: orderSchema,
      });
      const { contact, reservationExpiresAt, ...order } = body;
      return {
        ...order,
        contact: { email: contact.email, name: contact.name, phone: contact.phone ?? null },
        reservationExpiresAt: reservationExpiresAt ? new Date(reservationExpiresAt) : null,
      };
    },
  };
}
