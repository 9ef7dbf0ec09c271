import { idSchema } from '@souk/contracts';
import { defineRoute, moneySchemaApi, type RouteDefinition, reply } from '@souk/http';
import type { Pool } from '@souk/service-runtime';
import { z } from 'zod';
import { type LedgerEntry, listLedger } from './sandbox-ledger.ts';

const ledgerEntrySchema = z
  .object({
    id: z.string(),
    orderId: z.string(),
    kind: z.enum(['charge', 'refund']),
    amount: moneySchemaApi,
    idempotencyKey: z.string(),
    at: z.string(),
  })
  .meta({ id: 'SandboxLedgerEntry' });

const LEDGER_EXAMPLE = {
  id: '0198c0de-0000-7000-8000-000000000009',
  orderId: '0198c0de-0000-7000-8000-000000000002',
  kind: 'charge',
  amount: { amount: 1999, currency: 'EUR' },
  idempotencyKey: '0198c0de-0000-7000-8000-000000000001',
  at: '2026-11-22T12:00:00.000Z',
};

/** The sandbox's own books, for whoever reconciles them with ours. Only with PAYMENT_PROVIDER=sandbox. */
export function sandboxRoutes({ pool }: { pool: Pool }): RouteDefinition[] {
  return [
    defineRoute({
      method: 'GET',
      path: '/internal/sandbox/charges',
      access: 'service',
      operationId: 'listSandboxCharges',
      summary: "The sandbox provider's ledger of one order",
      tags: ['internal'],
      query: z.strictObject({ orderId: idSchema }),
      responses: {
        200: {
          description: 'What moved money',
          schema: z.object({ items: z.array(ledgerEntrySchema) }),
          example: { items: [LEDGER_EXAMPLE] },
        },
      },
      problems: [],
      handler: async ({ query }) => {
        const entries = await listLedger(pool, query.orderId);
        return reply.ok({ items: entries.map(toAnswer) });
      },
    }),
  ];
}

function toAnswer(entry: LedgerEntry) {
  return {
    id: entry.id,
    orderId: entry.orderId,
    kind: entry.kind,
    amount: { amount: entry.amount, currency: entry.currency },
    idempotencyKey: entry.idempotencyKey,
    at: entry.at.toISOString(),
  };
}
