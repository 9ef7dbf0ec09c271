import { idSchema, PRICE_AMOUNT_MAX, textSchema } from '@souk/contracts';
import { moneySchemaApi, pageQuery, priceSchema, queryInteger } from '@souk/http';
import { z } from 'zod';
import { LIMITS } from '../config.ts';
import { CURSOR_LENGTH_MAX, productSorts } from './list-query.ts';
import type { ProductDraft } from './product-repository.ts';
import { isIdForm, SLUG_LENGTH_MAX, SLUG_PATTERN } from './slug.ts';

export const slugSchema = z
  .string()
  .max(SLUG_LENGTH_MAX)
  .regex(SLUG_PATTERN, 'expected lower-case letters, digits and single hyphens')
  .refine((slug) => !isIdForm(slug), 'expected a slug that does not have the form of an id');

export const productSchema = z
  .object({
    id: idSchema,
    sku: z.string(),
    slug: z.string(),
    name: z.string(),
    description: z.string(),
    category: z.string().meta({ description: 'The slug of its category' }),
    price: moneySchemaApi,
    imageUrl: z.string().nullable(),
    available: z.int().min(0).meta({ description: 'Pieces that nobody has reserved' }),
    version: z.int().min(1),
    createdAt: z.iso.datetime(),
    updatedAt: z.iso.datetime(),
  })
  .meta({ id: 'Product' });

export const PRODUCT_EXAMPLE = {
  id: '0198d2ef-0c4a-7b21-8e5f-6d7c8b9a0f12',
  sku: 'AUD-1001',
  slug: 'aria-over-ear-headphones',
  name: 'Aria Over-Ear Headphones',
  description: 'Closed headphones with memory-foam cushions and forty hours of battery life.',
  category: 'audio',
  price: { amount: 14_900, currency: 'EUR' },
  imageUrl: '/media/AUD-1001.svg',
  available: 37,
  version: 1,
  createdAt: '2026-09-01T08:00:00.000Z',
  updatedAt: '2026-09-01T08:00:00.000Z',
};

const IMAGE_URL_LENGTH_MAX = 2_048;

/** An https address without user info, or a path of the gateway. It is never fetched here. */
export const imageUrlSchema = z
  .string()
  .max(IMAGE_URL_LENGTH_MAX)
  .refine(isImageUrl, 'expected an https address without user info, or a path such as /media/picture.svg');

function isImageUrl(value: string): boolean {
  // A backslash is a slash to browsers, and they drop white space: neither belongs into an address.
  if (/[\\\s]|\p{C}/u.test(value)) return false;
  if (value.startsWith('/')) return !value.startsWith('//');
  if (!URL.canParse(value) || !/^https:\/\/[^/]/i.test(value)) return false;
  const url = new URL(value);
  return url.protocol === 'https:' && url.username === '' && url.password === '' && !/^[^/?#]*@/.test(value.slice(8));
}

const nameSchema = textSchema({ codePointsMax: 200 });
const descriptionSchema = textSchema({ codePointsMax: 10_000, multiline: true, emptyAllowed: true });
const skuSchema = textSchema({ codePointsMax: 64 });

/** The bodies depend on the shop's currency. */
export function productBodies(currency: string) {
  const price = priceSchema.refine((money) => money.currency === currency, {
    message: `expected the shop's currency ${currency}`,
    path: ['currency'],
  });
  const create = z.strictObject({
    name: nameSchema,
    description: descriptionSchema,
    category: slugSchema,
    price,
    sku: skuSchema,
    imageUrl: imageUrlSchema.nullish(),
    stock: z.int().min(0).max(LIMITS.stockMax).nullish(),
  });
  const update = z.strictObject({
    name: nameSchema.nullish(),
    description: descriptionSchema.nullish(),
    category: slugSchema.nullish(),
    price: price.nullish(),
    sku: skuSchema.nullish(),
    imageUrl: imageUrlSchema.nullish(),
  });
  return { create, update };
}

type Bodies = ReturnType<typeof productBodies>;

export function toDraft(body: z.output<Bodies['create']>): ProductDraft {
  return {
    sku: body.sku,
    name: body.name,
    description: body.description,
    category: body.category,
    priceAmount: body.price.amount,
    currency: body.price.currency,
    imageUrl: body.imageUrl ?? null,
  };
}

/** Null is the same as left out, but clears the picture. */
export function toChanges(body: z.output<Bodies['update']>): Partial<ProductDraft> {
  return {
    ...(body.sku == null ? {} : { sku: body.sku }),
    ...(body.name == null ? {} : { name: body.name }),
    ...(body.description == null ? {} : { description: body.description }),
    ...(body.category == null ? {} : { category: body.category }),
    ...(body.price == null ? {} : { priceAmount: body.price.amount, currency: body.price.currency }),
    ...(body.imageUrl === undefined ? {} : { imageUrl: body.imageUrl }),
  };
}

const priceBound = queryInteger({ min: 0, max: PRICE_AMOUNT_MAX }).optional();

export const listQuerySchema = z.strictObject({
  ...pageQuery,
  cursor: z.string().min(1).max(CURSOR_LENGTH_MAX).optional(),
  q: textSchema({ codePointsMax: 200, emptyAllowed: true }).optional().meta({ description: 'Words, typos forgiven' }),
  category: slugSchema.optional().meta({ description: 'A slug; what stands below it is included' }),
  minPrice: priceBound.meta({ description: 'Minor units, inclusive' }),
  maxPrice: priceBound.meta({ description: 'Minor units, inclusive' }),
  inStock: z.literal('true').optional(),
  sort: z.enum(productSorts).optional().meta({ description: 'relevance with q, else newest' }),
});

/** What a path names a product by. */
export const idOrSlugParams = z.strictObject({ id: z.union([idSchema, slugSchema]) });
