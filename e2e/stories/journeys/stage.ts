import { randomUUID } from 'node:crypto';
import { isProblem, type ProblemError, type ProblemSlug, type Product } from '@souk/client';
import { expect } from 'vitest';
import type { Platform } from '../../src/platform.ts';
import type { Visitor } from '../../src/visitor.ts';

/** What all stories of a mode share: one running platform and its shopkeeper. */
export interface Stage {
  readonly platform: Platform;
  readonly shopkeeper: Visitor;
  /** Events that a consumer had to give up, once for each time; the stories that break something note them. */
  readonly givenUp: string[];
  /** Those among them that the shopkeeper has thrown away. */
  readonly dropped: string[];
}

/** A product of the story's own, so that no other story changes its stock. */
export async function aProduct(
  { shopkeeper }: Stage,
  { stock = 10, amount = 2_500, ...rest }: { stock?: number; amount?: number; name?: string; category?: string } = {},
): Promise<Product> {
  const id = randomUUID().slice(0, 8);
  const category = (await shopkeeper.call('listCategories')).items[0]?.slug ?? '';
  return shopkeeper.call('createProduct', {
    body: {
      name: `Story teapot ${id}`,
      description: 'Pours without a drip.',
      category,
      price: { amount, currency: 'EUR' },
      sku: `STORY-${id.toUpperCase()}`,
      stock,
      ...rest,
    },
  });
}

/** Expects the shop to refuse, and answers the problem. */
export async function refusal(call: Promise<unknown>, slug: ProblemSlug): Promise<ProblemError> {
  const outcome = await call.then(
    (answer) => ({ answered: answer }),
    (error: unknown) => error,
  );
  if (isProblem(outcome, slug)) return outcome;
  expect.fail(
    `expected the problem ${slug}, found ${outcome instanceof Error ? outcome.message : JSON.stringify(outcome)}`,
  );
}

/** The stock as the shopkeeper sees it. */
export async function stockOf({ shopkeeper }: Stage, product: Product) {
  const { onHand, reserved, available } = await shopkeeper.call('getInventory', { path: { id: product.id } });
  return { onHand, reserved, available };
}
