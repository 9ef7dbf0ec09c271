import {
  createCursorCodec,
  defineRoute,
  pageQuery,
  pageSchema,
  pathIdSchema,
  type RouteDefinition,
  reply,
  requireVersion,
} from '@souk/http';
import type { Logger } from '@souk/service-runtime';
import { z } from 'zod';
import type { PrismaClient } from '../generated/prisma/client.ts';
import { adjustStock, type ChangeStockDependencies, getStock, setOnHand } from './change-stock.ts';
import {
  adjustmentBody,
  INVENTORY_EXAMPLE,
  inventorySchema,
  MOVEMENTS_EXAMPLE,
  movementSchema,
  setOnHandBody,
  toInventoryAnswer,
} from './inventory-schemas.ts';
import { listMovements } from './list-movements.ts';

export interface InventoryRouteDependencies extends ChangeStockDependencies {
  prisma: PrismaClient;
  cursorSecret: string;
  logger: Logger;
}

const TAGS = ['inventory'];
const ETAG = { ETag: 'The version of the inventory' };

/** Stock as administrators see and change it. */
export function inventoryRoutes(deps: InventoryRouteDependencies): RouteDefinition[] {
  return [getInventory(deps), putInventory(deps), postAdjustment(deps), getMovements(deps)];
}

function getInventory(deps: InventoryRouteDependencies): RouteDefinition {
  return defineRoute({
    method: 'GET',
    path: '/api/v1/products/{id}/inventory',
    access: 'admin',
    operationId: 'getInventory',
    summary: 'The stock of a product',
    tags: TAGS,
    params: pathIdSchema,
    responses: {
      200: { description: 'The stock', schema: inventorySchema, headers: ETAG, example: INVENTORY_EXAMPLE },
    },
    problems: ['not-found'],
    handler: async ({ params }) => {
      const stock = await getStock(deps.pool, params.id);
      return reply.ok(toInventoryAnswer(stock), { etag: stock.version });
    },
  });
}

function putInventory(deps: InventoryRouteDependencies): RouteDefinition {
  return defineRoute({
    method: 'PUT',
    path: '/api/v1/products/{id}/inventory',
    access: 'admin',
    operationId: 'setOnHand',
    summary: 'State how many pieces are on hand',
    tags: TAGS,
    params: pathIdSchema,
    body: setOnHandBody,
    bodyExample: { onHand: 40 },
    ifMatch: true,
    responses: {
      200: { description: 'The stock now', schema: inventorySchema, headers: ETAG, example: INVENTORY_EXAMPLE },
    },
    problems: ['not-found', 'insufficient-stock'],
    handler: async ({ params, body, caller, request }) => {
      const stock = await setOnHand(deps, {
        productId: params.id,
        onHand: body.onHand,
        checkVersion: (version) => requireVersion(request, version),
      });
      deps.logger.info(
        { audit: true, adminId: caller.userId, productId: params.id, onHand: stock.onHand },
        'Set stock',
      );
      return reply.ok(toInventoryAnswer(stock), { etag: stock.version });
    },
  });
}

function postAdjustment(deps: InventoryRouteDependencies): RouteDefinition {
  return defineRoute({
    method: 'POST',
    path: '/api/v1/products/{id}/inventory/adjustments',
    access: 'admin',
    operationId: 'adjustStock',
    summary: 'Add or take away pieces, with a reason',
    tags: TAGS,
    params: pathIdSchema,
    body: adjustmentBody,
    bodyExample: { delta: -2, reason: 'Damaged in the warehouse' },
    responses: {
      201: {
        description: 'The stock now',
        schema: inventorySchema,
        headers: { ...ETAG, Location: 'The stock' },
        example: INVENTORY_EXAMPLE,
      },
    },
    problems: ['not-found', 'insufficient-stock'],
    handler: async ({ params, body, caller }) => {
      const stock = await adjustStock(deps, { productId: params.id, delta: body.delta, reason: body.reason });
      deps.logger.info(
        { audit: true, adminId: caller.userId, productId: params.id, delta: body.delta },
        'Adjusted stock',
      );
      return reply.created(`/api/v1/products/${params.id}/inventory`, toInventoryAnswer(stock), {
        etag: stock.version,
      });
    },
  });
}

function getMovements(deps: InventoryRouteDependencies): RouteDefinition {
  return defineRoute({
    method: 'GET',
    path: '/api/v1/products/{id}/inventory/movements',
    access: 'admin',
    operationId: 'listMovements',
    summary: 'What came and went, newest first',
    tags: TAGS,
    params: pathIdSchema,
    query: z.strictObject(pageQuery),
    responses: {
      200: { description: 'A page of movements', schema: pageSchema(movementSchema), example: MOVEMENTS_EXAMPLE },
    },
    problems: ['not-found'],
    handler: async ({ params, query }) => {
      await getStock(deps.pool, params.id);
      const codec = createCursorCodec({ secret: deps.cursorSecret, scope: `movements ${params.id}` });
      return reply.ok(
        await listMovements(deps.prisma, codec, { productId: params.id, limit: query.limit, cursor: query.cursor }),
      );
    },
  });
}
