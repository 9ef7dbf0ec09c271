import { idSchema, moneySchema, PRICE_AMOUNT_MAX } from '@souk/contracts';
import { z } from 'zod';

/** Money as the API answers it. */
export const moneySchemaApi = moneySchema.meta({ id: 'Money' });

/** Money as a client sends a price: at least 1, at most 99,999,999. */
export const priceSchema = z
  .strictObject({
    amount: z.int().min(1).max(PRICE_AMOUNT_MAX),
    currency: z.string().regex(/^[A-Z]{3}$/, 'expected an ISO 4217 code such as EUR'),
  })
  .meta({ id: 'Price' });

/** `{id}` in a path. */
export const pathIdSchema = z.strictObject({ id: idSchema });
