/** The stock of one product. Never negative, never less on hand than reserved. */
export interface Stock {
  onHand: number;
  reserved: number;
  version: number;
}

export type StockDecision =
  | { kind: 'changed'; stock: Stock; delta: number }
  | { kind: 'below-reserved'; reserved: number; wanted: number }
  | { kind: 'above-limit'; limit: number };

export function availableOf(stock: Stock): number {
  return stock.onHand - stock.reserved;
}

/** A count of the shelf: so many are there now. */
export function decideSetOnHand(stock: Stock, onHand: number, onHandMax: number): StockDecision {
  if (onHand > onHandMax) return { kind: 'above-limit', limit: onHandMax };
  if (onHand < stock.reserved) return { kind: 'below-reserved', reserved: stock.reserved, wanted: onHand };
  return { kind: 'changed', delta: onHand - stock.onHand, stock: { ...stock, onHand, version: stock.version + 1 } };
}

/** So many came or went. */
export function decideAdjust(stock: Stock, delta: number, onHandMax: number): StockDecision {
  return decideSetOnHand(stock, stock.onHand + delta, onHandMax);
}

/** Told once per fall: at the change that brings what is available down to the threshold, not while it stays there. */
export function fallsToThreshold(before: Stock, after: Stock, threshold: number): boolean {
  return availableOf(before) > threshold && availableOf(after) <= threshold;
}
