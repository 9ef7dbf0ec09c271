import { idSchema } from '@souk/contracts';
import { defineRoute, type RouteDefinition, reply } from '@souk/http';
import type { Pool } from '@souk/service-runtime';
import { z } from 'zod';
import { LIMITS } from '../config.ts';
import { findProducts } from './find-product.ts';
import { toProductAnswer } from './product.ts';
import { PRODUCT_EXAMPLE, productSchema } from './product-schemas.ts';

const idsQuery = z.strictObject({
  ids: z
    .string()
    .transform((text) => text.split(','))
    .pipe(z.array(idSchema).min(1).max(LIMITS.internalProductsMax))
    .meta({ type: 'string', description: 'Up to 100 ids, separated by commas' }),
});

/** Products for carts: called by order-service only. */
export function internalProductRoutes(deps: { pool: Pool }): RouteDefinition[] {
  return [
    defineRoute({
      method: 'GET',
      path: '/internal/products',
      access: 'service',
      operationId: 'getProductsById',
      summary: 'Name, price and stock of many products now; unknown and withdrawn ones are left out',
      tags: ['products'],
      query: idsQuery,
      responses: {
        200: {
          description: 'The products on sale, in the sequence of their ids',
          schema: z.object({ items: z.array(productSchema) }),
          example: { items: [PRODUCT_EXAMPLE] },
        },
      },
      problems: ['validation'],
      handler: async ({ query }) => {
        const ids = [...new Set(query.ids)];
        const products = await findProducts(deps.pool, ids);
        const items = ids.flatMap((id) => {
          const product = products.get(id);
          return product === undefined ? [] : [toProductAnswer(product)];
        });
        return reply.ok({ items });
      },
    }),
  ];
}
