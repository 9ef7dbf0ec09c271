import { type Address, addressInputSchema, addressSchema, idSchema, textSchema } from '@souk/contracts';
import { moneySchemaApi, pageQuery } from '@souk/http';
import { z } from 'zod';
import { ORDER_STATUSES } from './order.ts';
import type { ResolvedLine } from './place-order.ts';

export const QUANTITY_MAX = 99;
export const LINES_MAX = 100;

export const quantitySchema = z.int().min(1).max(QUANTITY_MAX);

const itemsSchema = z
  .array(z.strictObject({ productId: idSchema, quantity: quantitySchema }))
  .min(1)
  .max(LINES_MAX)
  .superRefine((items, context) => {
    const sums = new Map<string, number>();
    items.forEach(({ productId, quantity }, index) => {
      const sum = (sums.get(productId) ?? 0) + quantity;
      sums.set(productId, sum);
      if (sum <= QUANTITY_MAX || index !== items.findLastIndex((item) => item.productId === productId)) return;
      const message = `expected at most ${QUANTITY_MAX} of one product in all lines together, found ${sum}`;
      context.addIssue({ code: 'custom', path: [index, 'quantity'], message });
    });
  });

/** Refused without an echo: what does not look like a token may be a card number. */
const paymentMethodSchema = z
  .string('expected the token of a payment method, such as tok_ok')
  .regex(/^(tok|pm)_[A-Za-z0-9_]{1,64}$/, 'expected the token of a payment method, such as tok_ok');

export const placeOrderSchema = z
  .strictObject({
    items: itemsSchema.nullish(),
    shippingAddress: addressInputSchema,
    paymentMethod: paymentMethodSchema.nullish(),
  })
  .meta({ id: 'PlaceOrder' });

export const changeAddressSchema = z
  .strictObject({ shippingAddress: addressInputSchema.nullish() })
  .meta({ id: 'ChangeOrder' });
export const cancelOrderSchema = z
  .strictObject({ reason: textSchema({ codePointsMax: 500, multiline: true }).nullish() })
  .meta({ id: 'CancelOrder' });
const trackingText = textSchema({ codePointsMax: 200 });
export const shipOrderSchema = z
  .strictObject({ carrier: trackingText, trackingNumber: trackingText })
  .meta({ id: 'ShipOrder' });
export const deliverOrderSchema = z.strictObject({}).meta({ id: 'DeliverOrder' });

export const orderListQuery = z.strictObject({
  ...pageQuery,
  status: z.enum(ORDER_STATUSES).optional(),
  scope: z.literal('all').optional(),
  userId: idSchema.optional(),
});
export const timelineQuery = z.strictObject(pageQuery);

const addressAnswerSchema = addressSchema.meta({ id: 'OrderAddress' });

export const orderSchema = z
  .object({
    id: idSchema,
    userId: idSchema,
    email: z.string().nullable(),
    status: z.enum(ORDER_STATUSES),
    paymentStatus: z.enum(['awaiting', 'captured', 'failed', 'voided', 'partially_refunded', 'refunded']),
    fulfillmentStatus: z.enum(['unfulfilled', 'shipped', 'delivered']),
    items: z.array(
      z
        .object({
          productId: idSchema,
          sku: z.string(),
          name: z.string(),
          quantity: z.int(),
          unitPrice: moneySchemaApi,
          lineTotal: moneySchemaApi,
        })
        .meta({ id: 'OrderLine' }),
    ),
    total: moneySchemaApi,
    shippingAddress: addressAnswerSchema,
    paymentMethod: z.string().nullable(),
    cancelReason: z.string().nullable(),
    tracking: z.object({ carrier: z.string(), trackingNumber: z.string() }).nullable(),
    createdAt: z.iso.datetime(),
    updatedAt: z.iso.datetime(),
    version: z.int(),
  })
  .meta({ id: 'Order' });

export const timelineEntrySchema = z
  .object({
    sequence: z.int(),
    at: z.iso.datetime(),
    type: z.string(),
    data: z.record(z.string(), z.unknown()),
  })
  .meta({ id: 'TimelineEntry' });

/** Lines of one product are added up; each keeps the place where it first stood. */
export function toResolvedLines(items: readonly { productId: string; quantity: number }[]): ResolvedLine[] {
  const lines = new Map<string, ResolvedLine>();
  items.forEach(({ productId, quantity }, index) => {
    const line = lines.get(productId);
    if (line) line.quantity += quantity;
    else lines.set(productId, { productId, quantity, index });
  });
  return [...lines.values()];
}

export function toAddress(input: z.output<typeof addressInputSchema>): Address {
  const { name, line1, line2, city, postalCode, country, phone } = input;
  return { name, line1, line2: line2 ?? null, city, postalCode, country, phone: phone ?? null };
}
