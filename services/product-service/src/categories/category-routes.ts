import { textSchema } from '@souk/contracts';
import { defineRoute, type RouteDefinition, reply, requireVersion } from '@souk/http';
import type { Logger } from '@souk/service-runtime';
import { z } from 'zod';
import { slugSchema } from '../catalog/product-schemas.ts';
import type { CategoryReader } from './category-reader.ts';
import {
  type CountedCategory,
  changeCategory,
  createCategory,
  deleteCategory,
  type ManageCategoriesDependencies,
} from './manage-categories.ts';

export interface CategoryRouteDependencies extends ManageCategoriesDependencies {
  reader: CategoryReader;
  logger: Logger;
}

const categorySchema = z
  .object({
    slug: z.string(),
    name: z.string(),
    parent: z.string().nullable().meta({ description: 'The slug of the category above it' }),
    productCount: z.int().min(0).meta({ description: 'Products on sale in it and below it' }),
    version: z.int().min(1),
  })
  .meta({ id: 'Category' });

const EXAMPLE = { slug: 'audio', name: 'Audio', parent: 'electronics', productCount: 12, version: 1 };
const TAGS = ['categories'];
const ETAG = { ETag: 'The version of the category' };

const nameSchema = textSchema({ codePointsMax: 200 });
const slugParams = z.strictObject({ slug: slugSchema });
const createBody = z.strictObject({ slug: slugSchema, name: nameSchema, parent: slugSchema.nullish() });
const updateBody = z.strictObject({ name: nameSchema.nullish(), parent: slugSchema.nullish() });

function toCategoryAnswer(category: CountedCategory): z.infer<typeof categorySchema> {
  const { slug, name, parent, productCount, version } = category;
  return { slug, name, parent, productCount, version };
}

export function categoryRoutes(deps: CategoryRouteDependencies): RouteDefinition[] {
  return [listRoute(deps), postRoute(deps), patchRoute(deps), deleteRoute(deps)];
}

function listRoute(deps: CategoryRouteDependencies): RouteDefinition {
  return defineRoute({
    method: 'GET',
    path: '/api/v1/categories',
    access: 'anyone',
    operationId: 'listCategories',
    summary: 'All categories by name, not paged',
    tags: TAGS,
    responses: {
      200: {
        description: 'The categories; `version` is what If-Match wants',
        schema: z.object({ items: z.array(categorySchema), nextCursor: z.null(), total: z.int().min(0) }),
        example: { items: [EXAMPLE], nextCursor: null, total: 1 },
      },
    },
    problems: [],
    handler: async () => {
      const categories = await deps.reader.list();
      return reply.ok({ items: categories.map(toCategoryAnswer), nextCursor: null, total: categories.length });
    },
  });
}

function postRoute(deps: CategoryRouteDependencies): RouteDefinition {
  return defineRoute({
    method: 'POST',
    path: '/api/v1/categories',
    access: 'admin',
    operationId: 'createCategory',
    summary: 'Add a category',
    tags: TAGS,
    body: createBody,
    bodyExample: { slug: 'audio', name: 'Audio', parent: 'electronics' },
    responses: {
      201: {
        description: 'The category',
        schema: categorySchema,
        headers: { ...ETAG, Location: 'The category' },
        example: EXAMPLE,
      },
    },
    problems: ['category-exists', 'validation'],
    handler: async ({ body, caller }) => {
      const { slug, name, parent } = body;
      const created = await createCategory(deps, { slug, name, parent: parent ?? null });
      deps.logger.info({ audit: true, adminId: caller.userId, category: slug }, 'Created category');
      return reply.created(`/api/v1/categories/${slug}`, toCategoryAnswer(created), { etag: created.version });
    },
  });
}

function patchRoute(deps: CategoryRouteDependencies): RouteDefinition {
  return defineRoute({
    method: 'PATCH',
    path: '/api/v1/categories/{slug}',
    access: 'admin',
    operationId: 'updateCategory',
    summary: 'Rename a category or move it; parent null takes it to the top',
    tags: TAGS,
    params: slugParams,
    body: updateBody,
    bodyOptional: true,
    bodyExample: { name: 'Sound' },
    ifMatch: true,
    responses: { 200: { description: 'The category', schema: categorySchema, headers: ETAG, example: EXAMPLE } },
    problems: ['not-found', 'conflict', 'validation'],
    handler: async ({ params, body, caller, request }) => {
      const changed = await changeCategory(deps, {
        slug: params.slug,
        name: body.name ?? undefined,
        parent: body.parent,
        checkVersion: (version) => requireVersion(request, version),
      });
      deps.logger.info({ audit: true, adminId: caller.userId, category: params.slug }, 'Changed category');
      return reply.ok(toCategoryAnswer(changed), { etag: changed.version });
    },
  });
}

function deleteRoute(deps: CategoryRouteDependencies): RouteDefinition {
  return defineRoute({
    method: 'DELETE',
    path: '/api/v1/categories/{slug}',
    access: 'admin',
    operationId: 'deleteCategory',
    summary: 'Remove an empty category',
    tags: TAGS,
    params: slugParams,
    ifMatch: true,
    responses: { 204: { description: 'It is gone' } },
    problems: ['not-found', 'category-not-empty'],
    handler: async ({ params, caller, request }) => {
      await deleteCategory(deps, {
        slug: params.slug,
        checkVersion: (version) => requireVersion(request, version),
      });
      deps.logger.info({ audit: true, adminId: caller.userId, category: params.slug }, 'Deleted category');
      return reply.noContent();
    },
  });
}
