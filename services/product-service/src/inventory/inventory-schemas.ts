import { idSchema, textSchema } from '@souk/contracts';
import { z } from 'zod';
import { LIMITS } from '../config.ts';
import type { StockedProduct } from './change-stock.ts';
import { availableOf } from './stock.ts';

export const inventorySchema = z
  .object({
    productId: idSchema,
    onHand: z.int().min(0),
    reserved: z.int().min(0),
    available: z.int().min(0),
    version: z.int().min(1),
  })
  .meta({ id: 'Inventory' });

export const movementSchema = z
  .object({
    at: z.iso.datetime(),
    delta: z.int(),
    reason: z.string(),
    orderId: idSchema.nullable(),
    onHandAfter: z.int().min(0),
  })
  .meta({ id: 'Movement' });

export const MOVEMENTS_EXAMPLE = {
  items: [
    {
      at: '2026-11-22T12:00:00.000Z',
      delta: -2,
      reason: 'sold',
      orderId: '019ab000-0000-7000-8000-000000000001',
      onHandAfter: 38,
    },
    { at: '2026-09-01T08:00:00.000Z', delta: 40, reason: 'initial stock', orderId: null, onHandAfter: 40 },
  ],
  nextCursor: null,
  total: 2,
};

export const setOnHandBody = z.strictObject({ onHand: z.int().min(0).max(LIMITS.stockMax) });

export const adjustmentBody = z.strictObject({
  delta: z
    .int()
    .min(-LIMITS.stockMax)
    .max(LIMITS.stockMax)
    .refine((delta) => delta !== 0, 'expected a whole number other than 0'),
  reason: textSchema({ codePointsMax: 500, multiline: true }),
});

export const INVENTORY_EXAMPLE = {
  productId: '0198d2ef-0c4a-7b21-8e5f-6d7c8b9a0f12',
  onHand: 40,
  reserved: 3,
  available: 37,
  version: 12,
};

export function toInventoryAnswer(stock: StockedProduct): z.infer<typeof inventorySchema> {
  const { productId, onHand, reserved, version } = stock;
  return { productId, onHand, reserved, available: availableOf(stock), version };
}
