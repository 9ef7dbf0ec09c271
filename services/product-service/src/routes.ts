import type { RouteDefinition } from '@souk/http';
import { deadLetterRoutes } from '@souk/outbox';
import { internalProductRoutes } from './catalog/internal-product-routes.ts';
import { type ProductRouteDependencies, productRoutes } from './catalog/product-routes.ts';
import type { CategoryReader } from './categories/category-reader.ts';
import { categoryRoutes } from './categories/category-routes.ts';
import type { Config } from './config.ts';
import type { PrismaClient } from './generated/prisma/client.ts';
import { inventoryRoutes } from './inventory/inventory-routes.ts';
import { mediaRoutes } from './media/media-routes.ts';
import { reservationRoutes } from './reservations/reservation-routes.ts';
import type { StockAlarm } from './reservations/settle-reservations.ts';

export interface RouteDependencies extends ProductRouteDependencies {
  prisma: PrismaClient;
  categories: CategoryReader;
  cursorSecret: string;
  alarm: StockAlarm;
  config: Pick<Config, 'reservationTtlMs' | 'lowStockThreshold' | 'currency'>;
  operations: Parameters<typeof deadLetterRoutes>[0];
}

/** Every route of the service. */
export function createRoutes(deps: RouteDependencies): RouteDefinition[] {
  const all = { ...deps, ...deps.config, reader: deps.categories };
  return [
    ...productRoutes(all),
    ...categoryRoutes(all),
    ...inventoryRoutes(all),
    ...reservationRoutes(all),
    ...internalProductRoutes(all),
    ...mediaRoutes(),
    ...deadLetterRoutes(deps.operations),
  ];
}
