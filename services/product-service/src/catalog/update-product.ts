import { type CatalogWriterDependencies, changeCatalog, tellProductChange } from './catalog-writer.ts';
import { unknownCategory } from './create-product.ts';
import { findProducts, productNotFound } from './find-product.ts';
import type { Product } from './product.ts';
import {
  categoryExists,
  lockProduct,
  type ProductDraft,
  updateProduct,
  withdrawProduct,
} from './product-repository.ts';

/** Holds the writer to the version it has seen; throws what is to be answered otherwise. */
export type VersionCheck = (currentVersion: number) => void;

export interface UpdateProduct {
  productId: string;
  checkVersion: VersionCheck;
  /** What is left out stays. */
  changes: Partial<ProductDraft>;
}

/** Every accepted change is one version, whether or not it says anything new. */
export async function changeProduct(deps: CatalogWriterDependencies, command: UpdateProduct): Promise<Product> {
  const { productId, changes, checkVersion } = command;
  return changeCatalog(deps, async (change) => {
    const current = await lockProduct(change.tx, productId);
    if (current === undefined) throw productNotFound();
    checkVersion(current.version);
    if (changes.category !== undefined && !(await categoryExists(change.tx, changes.category))) throw unknownCategory();
    await updateProduct(change, current, applyChanges(current, changes));
    const version = current.version + 1;
    await tellProductChange(deps, change, { type: 'product.updated', productId, version });
    const changed = (await findProducts(change.tx, [productId])).get(productId);
    if (changed === undefined) throw productNotFound();
    return changed;
  });
}

/** Takes a product off sale; softly, because orders and movements name it. */
export async function deleteProduct(
  deps: CatalogWriterDependencies,
  command: { productId: string; checkVersion: VersionCheck },
): Promise<void> {
  const { productId, checkVersion } = command;
  await changeCatalog(deps, async (change) => {
    const current = await lockProduct(change.tx, productId);
    if (current === undefined) throw productNotFound();
    checkVersion(current.version);
    await withdrawProduct(change, current);
    const version = current.version + 1;
    await tellProductChange(deps, change, { type: 'product.deleted', productId, version });
  });
}

function applyChanges(current: Product, changes: Partial<ProductDraft>): ProductDraft {
  return {
    sku: changes.sku ?? current.sku,
    name: changes.name ?? current.name,
    description: changes.description ?? current.description,
    category: changes.category ?? current.category,
    priceAmount: changes.priceAmount ?? current.price.amount,
    currency: changes.currency ?? current.price.currency,
    imageUrl: changes.imageUrl === undefined ? current.imageUrl : changes.imageUrl,
  };
}
