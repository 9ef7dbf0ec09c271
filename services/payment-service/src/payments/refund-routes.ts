import { moneySchema, Refusal, textSchema } from '@souk/contracts';
import {
  createCursorCodec,
  defineRoute,
  page,
  pageQuery,
  pageSchema,
  pathIdSchema,
  type RouteDefinition,
  reply,
} from '@souk/http';
import type { Clock, Pool } from '@souk/service-runtime';
import { z } from 'zod';
import { replyOnce } from './idempotent-reply.ts';
import type { PaymentQueries } from './payment-queries.ts';
import { REFUND_EXAMPLE, refundSchema, toRefundAnswer } from './payment-views.ts';
import { type RequestedRefund, requestRefund } from './request-refund.ts';

export interface RefundRoutesContext {
  pool: Pool;
  clock: Clock;
  newId: () => string;
  queries: PaymentQueries;
  cursorSecret: string;
  /** Called after a refund became due. */
  onRefundDue: () => void;
}

const requestRefundSchema = z.strictObject({
  amount: z.strictObject({ amount: z.int().min(1), currency: moneySchema.shape.currency }).nullish(),
  reason: textSchema({ codePointsMax: 500, multiline: true }),
});

const TAGS = ['payments'];

export function refundRoutes(context: RefundRoutesContext): RouteDefinition[] {
  return [requestRefundRoute(context), listRefundsRoute(context)];
}

async function assertPaymentExists(queries: PaymentQueries, id: string): Promise<void> {
  if ((await queries.findPayment(id)) === undefined) throw new Refusal('not-found', 'No payment has this id');
}

function requestRefundRoute(context: RefundRoutesContext): RouteDefinition {
  return defineRoute({
    method: 'POST',
    path: '/api/v1/payments/{id}/refunds',
    access: 'admin',
    operationId: 'requestRefund',
    summary: 'Give back all that is left of a payment, or a part of it',
    description: 'The refund is promised with the answer and made right after it; its status tells the outcome.',
    tags: TAGS,
    params: pathIdSchema,
    body: requestRefundSchema,
    bodyExample: { amount: REFUND_EXAMPLE.amount, reason: 'The lamp arrived with a scratch' },
    idempotencyKey: true,
    responses: {
      201: {
        description: 'The refund is pending',
        schema: refundSchema,
        headers: { Location: 'The list that the refund is in' },
        example: REFUND_EXAMPLE,
      },
    },
    problems: ['not-found', 'refund-exceeds-payment', 'not-refundable'],
    handler: async ({ params, body, caller, request }) => {
      await assertPaymentExists(context.queries, params.id);
      const toReply = (refund: RequestedRefund) =>
        reply.created(`/api/v1/payments/${params.id}/refunds`, toRefundAnswer(refund));
      return replyOnce({
        pool: context.pool,
        newId: context.newId,
        caller,
        request,
        body,
        work: async (complete) => {
          const command = {
            paymentId: params.id,
            amount: body.amount ?? undefined,
            reason: body.reason,
            requestedBy: caller.userId,
          };
          const refund = await requestRefund(context, command, (tx, promised) => complete(tx, toReply(promised)));
          context.onRefundDue();
          return toReply(refund);
        },
      });
    },
  });
}

function listRefundsRoute({ queries, cursorSecret }: RefundRoutesContext): RouteDefinition {
  return defineRoute({
    method: 'GET',
    path: '/api/v1/payments/{id}/refunds',
    access: 'admin',
    operationId: 'listRefunds',
    summary: 'The refunds of a payment, newest first',
    tags: TAGS,
    params: pathIdSchema,
    query: z.strictObject(pageQuery),
    responses: {
      200: {
        description: 'A page of refunds',
        schema: pageSchema(refundSchema),
        example: { items: [{ ...REFUND_EXAMPLE, status: 'succeeded' }], nextCursor: null, total: 1 },
      },
    },
    problems: ['not-found'],
    handler: async ({ params, query }) => {
      await assertPaymentExists(queries, params.id);
      const { limit, cursor } = query;
      const codec = createCursorCodec({ secret: cursorSecret, scope: `refunds ${params.id}` });
      const beforeId = cursor === undefined ? undefined : String(codec.decode(cursor)[0]);
      const { rows, total } = await queries.listRefunds(params.id, { limit, beforeId });
      return reply.ok(page({ rows, limit, total, toItem: toRefundAnswer, cursorOf: (row) => codec.encode([row.id]) }));
    },
  });
}
