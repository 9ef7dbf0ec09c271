import { Refusal } from '@souk/contracts';
import { type CatalogWriterDependencies, changeCatalog, tellProductChange } from './catalog-writer.ts';
import { findProducts, productNotFound } from './find-product.ts';
import type { Product } from './product.ts';
import { categoryExists, insertProduct, type ProductDraft } from './product-repository.ts';

export interface CreateProduct {
  draft: ProductDraft;
  stock: number;
}

export async function createProduct(deps: CatalogWriterDependencies, command: CreateProduct): Promise<Product> {
  const id = deps.newId();
  return changeCatalog(deps, async (change) => {
    if (!(await categoryExists(change.tx, command.draft.category))) throw unknownCategory();
    await insertProduct(change, id, command);
    await tellProductChange(deps, change, { type: 'product.updated', productId: id, version: 1 });
    const created = (await findProducts(change.tx, [id])).get(id);
    if (created === undefined) throw productNotFound();
    return created;
  });
}

export function unknownCategory(): Refusal {
  return new Refusal('validation', 'The category does not exist', {
    errors: [{ pointer: '/category', detail: 'expected the slug of a category' }],
  });
}
