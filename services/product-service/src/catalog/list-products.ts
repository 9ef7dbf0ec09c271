import { createHash } from 'node:crypto';
import { Refusal } from '@souk/contracts';
import type { CursorCodec } from '@souk/http';
import type { Pool, Queryable } from '@souk/service-runtime';
import { LIMITS } from '../config.ts';
import { understandQuery } from '../search/search-query.ts';
import { similarityText } from '../search/search-text.ts';
import type { CatalogGeneration } from './catalog-generation.ts';
import {
  fromCursorValues,
  type ListQuery,
  type PageRequest,
  pageStatement,
  toCursorValues,
  type WalkPosition,
} from './list-query.ts';
import type { LoadedPage, PageCache } from './page-cache.ts';
import { type ProductRow, toProduct, toProductAnswer } from './product.ts';

export interface ListProductsDependencies {
  pool: Pool;
  generation: CatalogGeneration;
  pages: PageCache;
  /** Signs cursors of products; which list one belongs to stands in it. */
  cursors: CursorCodec;
  /** The category and all below it; empty where there is none of that slug. */
  categoriesBelow: (slug: string, generation: number) => Promise<readonly string[]>;
}

export interface ListProducts {
  query: ListQuery;
  limit: number;
  cursor: string | undefined;
}

/** A page of products as JSON text. */
export async function listProducts(deps: ListProductsDependencies, command: ListProducts): Promise<string> {
  const { query, limit, cursor } = command;
  const shape = JSON.stringify([query.q, query.category, query.minPrice, query.maxPrice, query.inStock, query.sortBy]);
  const listId = digest(shape).slice(0, LIST_ID_LENGTH);
  const after = cursor === undefined ? undefined : positionOf(deps.cursors, cursor, { listId, query });
  const generation = await deps.generation.current();
  return deps.pages.body(
    { generation, question: digest(`${limit} ${cursor ?? ''} ${shape}`) },
    {
      live: query.inStock,
      load: async () => {
        const meaning = await understand(deps, { query, after, generation });
        const encode = (position: WalkPosition) => deps.cursors.encode([listId, ...toCursorValues(position)]);
        return loadPage(deps.pool, { query, after, limit, ...meaning }, encode);
      },
    },
  );
}

/** 96 bits tell lists apart. */
const LIST_ID_LENGTH = 16;

function digest(text: string): string {
  return createHash('sha256').update(text).digest('base64url');
}

/** What the query means: as it was understood when the walk began, else as it is understood now. */
async function understand(
  deps: ListProductsDependencies,
  asked: { query: ListQuery; after: WalkPosition | undefined; generation: number },
): Promise<Pick<PageRequest, 'search' | 'categories'>> {
  const { query, after, generation } = asked;
  const { q, category } = query;
  const search =
    q === undefined
      ? undefined
      : after?.tsquery
        ? { tsquery: after.tsquery, text: similarityText(q) }
        : await understandQuery(deps.pool, q, LIMITS.searchWordsMax);
  const categories =
    category === undefined
      ? undefined
      : after?.categories
        ? after.categories.split(' ')
        : await deps.categoriesBelow(category, generation);
  return { search, categories };
}

function positionOf(cursors: CursorCodec, cursor: string, list: { listId: string; query: ListQuery }): WalkPosition {
  const [listId, ...values] = cursors.decode(cursor);
  const position = listId === list.listId ? fromCursorValues(values, list.query.sortBy) : undefined;
  if (position === undefined) {
    throw new Refusal('validation', 'The cursor is not one of this list', {
      errors: [{ pointer: '/cursor', detail: 'expected a nextCursor of this list' }],
    });
  }
  return position;
}

interface PageRow extends Omit<ProductRow, 'id'> {
  id: string | null;
  generation: number;
  total: number;
  key: string | number | Date;
}

async function loadPage(
  db: Queryable,
  request: PageRequest,
  encode: (position: WalkPosition) => string,
): Promise<LoadedPage> {
  const { rows } = await db.query<PageRow>(pageStatement(request));
  const generation = request.after?.generation ?? rows[0]?.generation ?? 0;
  const products = rows.filter((row): row is PageRow & { id: string } => row.id !== null);
  const shown = products.slice(0, request.limit);
  const last = products.length > request.limit ? shown.at(-1) : undefined;
  const total = rows[0]?.total ?? 0;
  const nextCursor =
    last === undefined
      ? null
      : encode({
          generation,
          total,
          key: last.key instanceof Date ? last.key.toISOString() : last.key,
          id: last.id,
          tsquery: request.search?.tsquery ?? '',
          categories: request.categories?.join(' ') ?? '',
        });
  return {
    text: {
      generation: rows[0]?.generation ?? 0,
      productIds: shown.map((row) => row.id),
      parts: partsOf(shown, nextCursor, total),
    },
    available: shown.map((row) => row.available),
  };
}

/** The page's JSON, cut at every `available`. */
function partsOf(rows: readonly (PageRow & { id: string })[], nextCursor: string | null, total: number): string[] {
  const parts = ['{"items":['];
  rows.forEach((row, index) => {
    const { available: _, version, createdAt, updatedAt, ...head } = toProductAnswer(toProduct(row));
    const before = `${index === 0 ? '' : ','}${JSON.stringify(head).slice(0, -1)},"available":`;
    parts[parts.length - 1] += before;
    parts.push(`,${JSON.stringify({ version, createdAt, updatedAt }).slice(1)}`);
  });
  parts[parts.length - 1] += `],"nextCursor":${JSON.stringify(nextCursor)},"total":${total}}`;
  return parts;
}

/** What is available of products now, in their sequence; for pages that are otherwise unchanged. */
export async function loadAvailable(db: Queryable, productIds: readonly string[]): Promise<number[]> {
  if (productIds.length === 0) return [];
  const { rows } = await db.query<{ product_id: string; available: number }>(
    'SELECT product_id, on_hand - reserved AS available FROM inventory WHERE product_id = ANY($1::uuid[])',
    [productIds],
  );
  const found = new Map(rows.map((row) => [row.product_id, row.available]));
  return productIds.map((id) => found.get(id) ?? 0);
}

/** Only what was typed into a search counts: `q` of blanks is no search. */
export function toListQuery(query: {
  q?: string | undefined;
  category?: string | undefined;
  minPrice?: number | undefined;
  maxPrice?: number | undefined;
  inStock?: 'true' | undefined;
  sort?: ListQuery['sortBy'] | undefined;
}): ListQuery {
  const q = query.q?.trim() === '' ? undefined : query.q?.trim();
  const sortBy = query.sort ?? (q === undefined ? 'newest' : 'relevance');
  return {
    q,
    category: query.category,
    minPrice: query.minPrice,
    maxPrice: query.maxPrice,
    inStock: query.inStock === 'true',
    // Without a search everything is equally relevant.
    sortBy: sortBy === 'relevance' && q === undefined ? 'newest' : sortBy,
  };
}
