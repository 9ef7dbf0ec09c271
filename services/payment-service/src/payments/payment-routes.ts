import { idSchema, Refusal } from '@souk/contracts';
import {
  createCursorCodec,
  defineRoute,
  isAdmin,
  page,
  pageQuery,
  pageSchema,
  pathIdSchema,
  type RouteDefinition,
  reply,
} from '@souk/http';
import { z } from 'zod';
import { replyOnce } from './idempotent-reply.ts';
import { type PayOrderContext, payOrder } from './pay-order.ts';
import type { PaymentQueries } from './payment-queries.ts';
import { fromPayment, PAYMENT_EXAMPLE, paymentSchema, toPaymentAnswer } from './payment-views.ts';

export interface PaymentRoutesContext extends PayOrderContext {
  queries: PaymentQueries;
  cursorSecret: string;
  /** Called after a payment became due. */
  onPayable: () => void;
}

// The pattern's own message is used, so that a token, or a card number sent by mistake, is never echoed.
const paymentMethodSchema = z
  .string()
  .regex(/^(tok|pm)_[A-Za-z0-9_]{1,64}$/, 'expected a payment method token such as tok_ok');

const payOrderSchema = z.strictObject({ orderId: idSchema, paymentMethod: paymentMethodSchema });

const TAGS = ['payments'];

export function paymentRoutes(context: PaymentRoutesContext): RouteDefinition[] {
  return [payOrderRoute(context), listPaymentsRoute(context), getPaymentRoute(context)];
}

function payOrderRoute(context: PaymentRoutesContext): RouteDefinition {
  return defineRoute({
    method: 'POST',
    path: '/api/v1/payments',
    access: 'user',
    operationId: 'payOrder',
    summary: 'Pay an order that was placed without a payment method',
    description: 'The charge is made after the answer; the payment or the order tells its outcome.',
    tags: TAGS,
    body: payOrderSchema,
    bodyExample: { orderId: PAYMENT_EXAMPLE.orderId, paymentMethod: 'tok_ok' },
    idempotencyKey: true,
    responses: {
      201: {
        description: 'The payment is pending',
        schema: paymentSchema,
        headers: { Location: 'Where the payment is' },
        example: { ...PAYMENT_EXAMPLE, status: 'pending' },
      },
    },
    problems: ['not-found', 'payment-exists', 'order-not-payable', 'unavailable'],
    handler: ({ body, caller, request }) =>
      replyOnce({
        pool: context.pool,
        newId: context.newId,
        caller,
        request,
        body,
        work: async (complete) => {
          const { signal, traceparent } = request;
          const command = { ...body, userId: caller.userId, signal, traceparent };
          const toReply = (payment: Parameters<typeof fromPayment>[0]) =>
            reply.created(`/api/v1/payments/${payment.id}`, toPaymentAnswer(fromPayment(payment)));
          const payment = await payOrder(context, command, (tx, pending) => complete(tx, toReply(pending)));
          context.onPayable();
          return toReply(payment);
        },
      }),
  });
}

function listPaymentsRoute({ queries, cursorSecret }: PaymentRoutesContext): RouteDefinition {
  return defineRoute({
    method: 'GET',
    path: '/api/v1/payments',
    access: 'user',
    operationId: 'listPayments',
    summary: "The caller's payments, or those of one order",
    description:
      "Newest first. Administrators may ask for any order; to others a foreign or unknown order's list is empty.",
    tags: TAGS,
    query: z.strictObject({ ...pageQuery, orderId: idSchema.optional() }),
    responses: {
      200: {
        description: 'A page of payments',
        schema: pageSchema(paymentSchema),
        example: { items: [PAYMENT_EXAMPLE], nextCursor: null, total: 1 },
      },
    },
    problems: [],
    handler: async ({ query, caller }) => {
      const { limit, cursor, orderId } = query;
      const everybodys = orderId !== undefined && isAdmin(caller);
      const filter = {
        ...(everybodys ? {} : { userId: caller.userId }),
        ...(orderId === undefined ? {} : { orderId }),
      };
      const codec = createCursorCodec({ secret: cursorSecret, scope: `payments ${JSON.stringify(filter)}` });
      const beforeId = cursor === undefined ? undefined : String(codec.decode(cursor)[0]);
      const { rows, total } = await queries.listPayments(filter, { limit, beforeId });
      return reply.ok(page({ rows, limit, total, toItem: toPaymentAnswer, cursorOf: (row) => codec.encode([row.id]) }));
    },
  });
}

function getPaymentRoute({ queries }: PaymentRoutesContext): RouteDefinition {
  return defineRoute({
    method: 'GET',
    path: '/api/v1/payments/{id}',
    access: 'user',
    operationId: 'getPayment',
    summary: 'One payment',
    tags: TAGS,
    params: pathIdSchema,
    responses: { 200: { description: 'The payment', schema: paymentSchema, example: PAYMENT_EXAMPLE } },
    problems: ['not-found'],
    handler: async ({ params, caller }) => {
      const payment = await queries.findPayment(params.id);
      if (payment === undefined || (payment.userId !== caller.userId && !isAdmin(caller))) {
        throw new Refusal('not-found', 'No payment has this id');
      }
      return reply.ok(toPaymentAnswer(payment));
    },
  });
}
