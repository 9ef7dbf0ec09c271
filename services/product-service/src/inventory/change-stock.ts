import { createEvent, Refusal } from '@souk/contracts';
import { insertOutbox } from '@souk/outbox';
import type { Queryable } from '@souk/service-runtime';
import { type CatalogChange, type CatalogWriterDependencies, changeCatalog } from '../catalog/catalog-writer.ts';
import { productNotFound } from '../catalog/find-product.ts';
import { LIMITS } from '../config.ts';
import {
  availableOf,
  decideAdjust,
  decideSetOnHand,
  fallsToThreshold,
  type Stock,
  type StockDecision,
} from './stock.ts';

export interface ChangeStockDependencies extends CatalogWriterDependencies {
  lowStockThreshold: number;
}

export interface StockedProduct extends Stock {
  productId: string;
  sku: string;
  name: string;
}

const STOCK_OF_PRODUCT = `SELECT p.id AS "productId", p.sku, p.name, v.on_hand AS "onHand", v.reserved, v.version
FROM products p JOIN inventory v ON v.product_id = p.id WHERE p.id = $1 AND p.deleted_at IS NULL`;

/** The stock of a product on sale; throws `not-found`. */
export async function getStock(db: Queryable, productId: string): Promise<StockedProduct> {
  const { rows } = await db.query<StockedProduct>(STOCK_OF_PRODUCT, [productId]);
  return rows[0] ?? notFound();
}

export async function setOnHand(
  deps: ChangeStockDependencies,
  command: { productId: string; onHand: number; checkVersion: (currentVersion: number) => void },
): Promise<StockedProduct> {
  return changeStock(deps, { productId: command.productId, reason: 'stock count' }, (stock) => {
    command.checkVersion(stock.version);
    return decideSetOnHand(stock, command.onHand, LIMITS.stockMax);
  });
}

export async function adjustStock(
  deps: ChangeStockDependencies,
  command: { productId: string; delta: number; reason: string },
): Promise<StockedProduct> {
  return changeStock(deps, command, (stock) => decideAdjust(stock, command.delta, LIMITS.stockMax));
}

async function changeStock(
  deps: ChangeStockDependencies,
  { productId, reason }: { productId: string; reason: string },
  decide: (stock: StockedProduct) => StockDecision,
): Promise<StockedProduct> {
  return changeCatalog(deps, async (change) => {
    const { rows } = await change.tx.query<StockedProduct>(`${STOCK_OF_PRODUCT} FOR UPDATE OF v`, [productId]);
    const before = rows[0] ?? notFound();
    const decision = decide(before);
    if (decision.kind !== 'changed') throw refusalOf(decision);
    const after = { ...before, ...decision.stock };
    await saveStock(change, after, { delta: decision.delta, reason });
    if (fallsToThreshold(before, after, deps.lowStockThreshold)) await tellLowStock(deps, change, after);
    return after;
  });
}

async function saveStock(
  { tx, now }: CatalogChange,
  stock: StockedProduct,
  movement: { delta: number; reason: string },
): Promise<void> {
  await tx.query(
    `WITH stocked AS (
       UPDATE inventory SET on_hand = $2, version = $3, updated_at = $4 WHERE product_id = $1 RETURNING product_id, on_hand)
     INSERT INTO inventory_movements (product_id, at, delta, reason, on_hand_after)
     SELECT product_id, $4::timestamptz, $5::int, $6::text, on_hand FROM stocked WHERE $5::int <> 0`,
    [stock.productId, stock.onHand, stock.version, now, movement.delta, movement.reason],
  );
}

async function tellLowStock(
  deps: ChangeStockDependencies,
  { tx, now }: CatalogChange,
  stock: StockedProduct,
): Promise<void> {
  const { productId, sku, name, version } = stock;
  const event = createEvent({
    id: deps.newId(),
    type: 'inventory.low_stock',
    subject: productId,
    time: now,
    sequence: version,
    data: { productId, sku, name, available: availableOf(stock), threshold: deps.lowStockThreshold },
  });
  await insertOutbox(tx, [event]);
}

function refusalOf(decision: Exclude<StockDecision, { kind: 'changed' }>): Refusal {
  switch (decision.kind) {
    case 'below-reserved':
      return new Refusal(
        'insufficient-stock',
        `${decision.reserved} are reserved, ${decision.wanted} would be on hand`,
      );
    case 'above-limit':
      return new Refusal('validation', `At most ${decision.limit} can be on hand`, {
        errors: [{ pointer: '/delta', detail: `expected at most ${decision.limit} on hand afterwards` }],
      });
  }
}

function notFound(): never {
  throw productNotFound();
}
