import { createOpenApiDocument as createDocument, type OpenApiDocument, type OpenApiOptions } from '@souk/http';
import { PRODUCT_SERVICE, settings } from './config.ts';
import { createRoutes, type RouteDependencies } from './routes.ts';

export const openApi: OpenApiOptions = {
  title: 'Souk product-service',
  description: 'Catalogue, categories, search, inventory and the reservations of the order saga.',
};

/** The document of this service; its routes are only described, so nothing behind them is needed. */
export function createOpenApiDocument(): OpenApiDocument {
  const currency = settings.currency.default ?? '';
  const described = { currency, config: { currency, reservationTtlMs: 0, lowStockThreshold: 0 }, operations: {} };
  const routes = createRoutes(described as unknown as RouteDependencies);
  return createDocument({ service: PRODUCT_SERVICE, routes, openApi });
}
