import { defineRoute, pageSchema, pathIdSchema, type RouteDefinition, reply, requireVersion } from '@souk/http';
import type { Logger } from '@souk/service-runtime';
import type { CatalogWriterDependencies } from './catalog-writer.ts';
import { createProduct } from './create-product.ts';
import type { ProductFinder } from './find-product.ts';
import { type ListProductsDependencies, listProducts, toListQuery } from './list-products.ts';
import { productEtag, toProductAnswer } from './product.ts';
import {
  idOrSlugParams,
  listQuerySchema,
  PRODUCT_EXAMPLE,
  productBodies,
  productSchema,
  toChanges,
  toDraft,
} from './product-schemas.ts';
import { changeProduct, deleteProduct } from './update-product.ts';

export interface ProductRouteDependencies extends CatalogWriterDependencies, ListProductsDependencies {
  finder: ProductFinder;
  currency: string;
  logger: Logger;
}

const TAGS = ['products'];
const ETAG = { ETag: 'The version of the product and, after a hyphen, of its inventory' };
const FOUND = { description: 'The product', schema: productSchema, headers: ETAG, example: PRODUCT_EXAMPLE };

/** Products as customers see them and administrators keep them. */
export function productRoutes(deps: ProductRouteDependencies): RouteDefinition[] {
  const bodies = productBodies(deps.currency);
  return [
    listRoute(deps),
    getRoute(deps),
    postRoute(deps, bodies.create),
    patchRoute(deps, bodies.update),
    deleteRoute(deps),
  ];
}

function listRoute(deps: ProductRouteDependencies): RouteDefinition {
  return defineRoute({
    method: 'GET',
    path: '/api/v1/products',
    access: 'anyone',
    operationId: 'listProducts',
    summary: 'Browse and search the catalogue',
    description:
      'A walk through its pages goes on as the list was when it began. `available` may be two seconds old here; the product itself shows the stock of this moment.',
    tags: TAGS,
    query: listQuerySchema,
    responses: {
      200: {
        description: 'A page of products',
        schema: pageSchema(productSchema),
        example: { items: [PRODUCT_EXAMPLE], nextCursor: null, total: 1 },
      },
    },
    problems: ['validation'],
    handler: async ({ query }) =>
      reply.okText(await listProducts(deps, { query: toListQuery(query), limit: query.limit, cursor: query.cursor })),
  });
}

function getRoute(deps: ProductRouteDependencies): RouteDefinition {
  return defineRoute({
    method: 'GET',
    path: '/api/v1/products/{id}',
    access: 'anyone',
    operationId: 'getProduct',
    summary: 'A product by id or slug',
    tags: TAGS,
    params: idOrSlugParams,
    responses: { 200: FOUND },
    problems: ['not-found'],
    handler: async ({ params }) => {
      const product = await deps.finder.get(params.id);
      return reply.ok(toProductAnswer(product), { etag: productEtag(product) });
    },
  });
}

function postRoute(deps: ProductRouteDependencies, body: ReturnType<typeof productBodies>['create']): RouteDefinition {
  return defineRoute({
    method: 'POST',
    path: '/api/v1/products',
    access: 'admin',
    operationId: 'createProduct',
    summary: 'Put a product on sale',
    tags: TAGS,
    body,
    bodyExample: {
      name: PRODUCT_EXAMPLE.name,
      description: PRODUCT_EXAMPLE.description,
      category: PRODUCT_EXAMPLE.category,
      price: PRODUCT_EXAMPLE.price,
      sku: PRODUCT_EXAMPLE.sku,
      stock: 40,
    },
    responses: { 201: { ...FOUND, headers: { ...ETAG, Location: 'The product' } } },
    problems: ['sku-taken', 'validation'],
    handler: async ({ body: given, caller }) => {
      const product = await createProduct(deps, { draft: toDraft(given), stock: given.stock ?? 0 });
      deps.logger.info({ audit: true, adminId: caller.userId, productId: product.id }, 'Created product');
      return reply.created(`/api/v1/products/${product.id}`, toProductAnswer(product), { etag: productEtag(product) });
    },
  });
}

function patchRoute(deps: ProductRouteDependencies, body: ReturnType<typeof productBodies>['update']): RouteDefinition {
  return defineRoute({
    method: 'PATCH',
    path: '/api/v1/products/{id}',
    access: 'admin',
    operationId: 'updateProduct',
    summary: 'Change a product',
    tags: TAGS,
    params: pathIdSchema,
    body,
    bodyOptional: true,
    bodyExample: { price: { amount: 12_900, currency: 'EUR' } },
    ifMatch: true,
    responses: { 200: FOUND },
    problems: ['not-found', 'sku-taken', 'validation'],
    handler: async ({ params, body: given, caller, request }) => {
      const product = await changeProduct(deps, {
        productId: params.id,
        changes: toChanges(given),
        checkVersion: (version) => requireVersion(request, version, { compositeTag: true }),
      });
      deps.logger.info({ audit: true, adminId: caller.userId, productId: product.id }, 'Changed product');
      return reply.ok(toProductAnswer(product), { etag: productEtag(product) });
    },
  });
}

function deleteRoute(deps: ProductRouteDependencies): RouteDefinition {
  return defineRoute({
    method: 'DELETE',
    path: '/api/v1/products/{id}',
    access: 'admin',
    operationId: 'deleteProduct',
    summary: 'Take a product off sale',
    description: 'Its SKU stays taken; orders that hold it go on.',
    tags: TAGS,
    params: pathIdSchema,
    ifMatch: true,
    responses: { 204: { description: 'It is off sale' } },
    problems: ['not-found'],
    handler: async ({ params, caller, request }) => {
      await deleteProduct(deps, {
        productId: params.id,
        checkVersion: (version) => requireVersion(request, version, { compositeTag: true }),
      });
      deps.logger.info({ audit: true, adminId: caller.userId, productId: params.id }, 'Withdrew product');
      return reply.noContent();
    },
  });
}
