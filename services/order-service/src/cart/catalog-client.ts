import { moneySchema } from '@souk/contracts';
import type { ServiceClient } from '@souk/http';
import { z } from 'zod';

const productsSchema = z.object({
  items: z.array(
    z.object({
      id: z.string(),
      name: z.string(),
      price: moneySchema,
      available: z.int(),
    }),
  ),
});

export type CatalogProduct = z.output<typeof productsSchema>['items'][number];

/** What a cart asks of the catalog. */
export interface CatalogClient {
  /** The products that can be bought; unknown and deleted ones are missing. At most 100 ids. */
  findProducts(productIds: readonly string[]): Promise<Map<string, CatalogProduct>>;
}

/** The port's adapter towards product-service. */
export function createCatalogClient(client: ServiceClient): CatalogClient {
  return {
    async findProducts(productIds) {
      if (productIds.length === 0) return new Map();
      const { body } = await client.request({
        method: 'GET',
        path: `/internal/products?ids=${productIds.join(',')}`,
        schema: productsSchema,
      });
      return new Map(body.items.map((product) => [product.id, product]));
    },
  };
}
