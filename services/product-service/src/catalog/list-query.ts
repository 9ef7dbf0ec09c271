import type { CursorValue } from '@souk/http';
import type { SearchQuery } from '../search/search-query.ts';

export const productSorts = ['relevance', 'newest', 'price', '-price', 'name'] as const;
export type ProductSort = (typeof productSorts)[number];

/** What a list of products is asked for. */
export interface ListQuery {
  q: string | undefined;
  category: string | undefined;
  minPrice: number | undefined;
  maxPrice: number | undefined;
  inStock: boolean;
  sortBy: ProductSort;
}

/** Where a walk through pages stands: how the catalogue was when it began, and the keys of the last product seen. */
export interface WalkPosition {
  generation: number;
  /** Of the whole walk, counted when it began. */
  total: number;
  key: string | number;
  id: string;
  /** What the words and the category meant when the walk began; empty where that is too long for a cursor. */
  tsquery: string;
  categories: string;
}

/** Bytes of one meaning that a cursor may carry, so that no cursor is refused for its length. */
const MEANING_BYTES_MAX = 450;
export const CURSOR_LENGTH_MAX = 2_048;

export function toCursorValues(position: WalkPosition): CursorValue[] {
  const short = (text: string) => (Buffer.byteLength(text) <= MEANING_BYTES_MAX ? text : '');
  const { generation, total, key, id, tsquery, categories } = position;
  return [generation, total, key, id, short(tsquery), short(categories)];
}

/** Undefined for values that this build's cursors do not have. */
export function fromCursorValues(values: readonly CursorValue[], sortBy: ProductSort): WalkPosition | undefined {
  const [generation, total, key, id, tsquery, categories] = values;
  const keyType = sortBy === 'name' || sortBy === 'newest' ? 'string' : 'number';
  if (typeof generation !== 'number' || typeof total !== 'number' || typeof id !== 'string') return undefined;
  if ((typeof key !== 'string' && typeof key !== 'number') || typeof key !== keyType) return undefined;
  if (typeof tsquery !== 'string' || typeof categories !== 'string') return undefined;
  return { generation, total, key, id, tsquery, categories };
}

interface SortKey {
  /** SQL of the key, over the columns of `listed`. */
  sql: string;
  type: string;
  descending: boolean;
}

const SORT_KEYS: Record<ProductSort, SortKey> = {
  relevance: { sql: 'score', type: 'int', descending: true },
  newest: { sql: 'created_at', type: 'timestamptz', descending: true },
  price: { sql: 'price_amount', type: 'int', descending: false },
  '-price': { sql: 'price_amount', type: 'int', descending: true },
  name: { sql: 'name_key', type: 'text', descending: false },
};

export interface PageRequest {
  query: ListQuery;
  search: SearchQuery | undefined;
  /** The category and all below it; undefined where no category was asked for. */
  categories: readonly string[] | undefined;
  after: WalkPosition | undefined;
  limit: number;
}

export interface Statement {
  /** Of the shapes that are asked for often: a connection plans such a statement once. */
  name?: string;
  text: string;
  values: unknown[];
}

/**
 * How well a product fits: the rank of the words found (the name counts most), how much the name resembles what was
 * typed (a short name more than a long one), and whether it begins with it or is it. A whole number, so that pages can be cut between equal scores.
 */
function scoreSql(tsquery: string, text: string): string {
  return `(1000000 * (
    ts_rank('{0.02, 0.08, 0.3, 1.0}', search, ${tsquery}::tsquery)
    + word_similarity(${text}, search_name) * (1 + 0.5 * least(1, length(${text})::float / greatest(1, length(search_name))))
    + CASE WHEN search_name = ${text} THEN 1.0 WHEN starts_with(search_name, ${text}) THEN 0.25 ELSE 0 END))::int`;
}

/**
 * The statement of one page. A first page lists what is on sale. A later one lists what was on sale when the walk began,
 * by the keys that were true then: products changed since stand where their revision of that time stood, products that
 * are new are left out, withdrawn ones are gone.
 */
export function pageStatement(request: PageRequest): Statement {
  const values: unknown[] = [];
  const bind = (value: unknown): string => `$${values.push(value)}`;
  const { after, limit, query, search } = request;
  const sortKey = SORT_KEYS[query.sortBy];
  const tsquery = search === undefined ? '' : bind(search.tsquery);
  const score = search !== undefined && query.sortBy === 'relevance' ? scoreSql(tsquery, bind(search.text)) : '0';
  const filters = filtersOf(request, bind, tsquery);
  const columns = `name_key, price_amount, ${score} AS score`;
  const stock = query.inStock
    ? 'JOIN inventory stock ON stock.product_id = t.id AND stock.on_hand > stock.reserved'
    : '';
  const sources: string[] = [];
  // Counted from the table, the list itself can stop at its limit; a search has ranked everything it found anyway.
  let countable = 'listed';
  if (after === undefined) {
    const onSale = `products t ${stock} WHERE ${['t.deleted_at IS NULL', ...filters].join(' AND ')}`;
    sources.push(`SELECT t.id, t.created_at, ${columns} FROM ${onSale}`);
    if (search === undefined) countable = onSale;
  } else {
    const generation = bind(after.generation);
    const then = [`t.deleted_at IS NULL AND t.generation <= ${generation}`, ...filters];
    const revised = [`r.generation <= ${generation} AND r.replaced_generation > ${generation}`, ...filters];
    sources.push(
      `SELECT t.id, t.created_at, ${columns} FROM products t ${stock} WHERE ${then.join(' AND ')}`,
      `SELECT t.id, t.created_at, ${columns}
       FROM product_revisions r
       JOIN (SELECT id, created_at FROM products WHERE deleted_at IS NULL) t ON t.id = r.product_id ${stock}
       WHERE ${revised.join(' AND ')}`,
    );
  }
  const direction = sortKey.descending ? 'DESC' : 'ASC';
  const beyond =
    after === undefined
      ? ''
      : `WHERE (${sortKey.sql}, id) ${sortKey.descending ? '<' : '>'} (${bind(after.key)}::${sortKey.type}, ${bind(after.id)}::uuid)`;
  const total = after === undefined ? `(SELECT count(*) FROM ${countable})::int` : `${bind(after.total)}::int`;
  return {
    ...(query.minPrice === undefined && query.maxPrice === undefined ? { name: nameOf(request) } : {}),
    text: `WITH listed AS (${sources.join(' UNION ALL ')}),
page AS (SELECT id, ${sortKey.sql} AS key FROM listed ${beyond} ORDER BY ${sortKey.sql} ${direction}, id ${direction} LIMIT ${bind(limit + 1)})
SELECT state.generation, ${total} AS total, page.key, p.id, p.sku, p.slug, p.name, p.description, p.category, p.price_amount,
  p.currency, p.image_url, p.version, p.created_at, p.updated_at, v.on_hand - v.reserved AS available, v.version AS inventory_version
FROM catalog_state state
LEFT JOIN page ON true
LEFT JOIN products p ON p.id = page.id
LEFT JOIN inventory v ON v.product_id = page.id
ORDER BY page.key ${direction}, page.id ${direction}`,
    values,
  };
}

/** One name for each text that the request can lead to. */
function nameOf({ query, search, categories, after }: PageRequest): string {
  const flags = [search, categories, after].map((part) => (part === undefined ? '-' : '+')).join('');
  return `page ${query.sortBy} ${flags}${query.inStock ? '+' : '-'}`;
}

function filtersOf(request: PageRequest, bind: (value: unknown) => string, tsquery: string): string[] {
  const { query, search, categories } = request;
  const filters: string[] = [];
  if (search !== undefined) filters.push(`search @@ ${tsquery}::tsquery`);
  if (categories !== undefined) filters.push(`category = ANY(${bind(categories)}::text[])`);
  if (query.minPrice !== undefined) filters.push(`price_amount >= ${bind(query.minPrice)}::int`);
  if (query.maxPrice !== undefined) filters.push(`price_amount <= ${bind(query.maxPrice)}::int`);
  return filters;
}
