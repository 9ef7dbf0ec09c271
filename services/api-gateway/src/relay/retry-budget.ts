/** A retry for every ten calls: a service in trouble must not get twice the load. */
const PER_CALL = 0.1;
const SAVED_MAX = 10;

export interface RetryBudget {
  /** Each first try earns a tenth of a retry. */
  earn(): void;
  /** Whether one more try may be made; takes it from the budget. */
  spend(): boolean;
}

export function createRetryBudget(): RetryBudget {
  let saved = SAVED_MAX;
  return {
    earn() {
      saved = Math.min(SAVED_MAX, saved + PER_CALL);
    },
    spend() {
      if (saved < 1) return false;
      saved -= 1;
      return true;
    },
  };
}
