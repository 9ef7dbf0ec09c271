import { z } from 'zod';

/** The largest amount that one price may have, in minor units (API.md of the HTTP contract: 1 to 99,999,999). */
export const PRICE_AMOUNT_MAX = 99_999_999;

/** An amount of money: an integer in minor units (cents) and an ISO 4217 code. */
export const moneySchema = z.object({
  amount: z.int().min(0),
  currency: z.string().regex(/^[A-Z]{3}$/, 'expected an ISO 4217 code such as EUR'),
});
export type Money = z.infer<typeof moneySchema>;

/** Adds amounts of one currency; an empty list is 0 in `currency`. */
export function sumMoney(amounts: readonly Money[], currency: string): Money {
  return { amount: amounts.reduce((total, money) => total + money.amount, 0), currency };
}
