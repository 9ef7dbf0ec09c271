import { BROKER_CHECKS } from './broker-checks.ts';
import type { Check, CheckContext } from './check.ts';
import { CROSS_CHECKS } from './cross-checks.ts';
import type { Discrepancy } from './discrepancy.ts';
import { MESSAGE_CHECKS } from './message-checks.ts';
import { MONEY_CHECKS } from './money-checks.ts';
import { ORDER_CHECKS } from './order-checks.ts';
import { PROVIDER_CHECKS } from './provider-checks.ts';
import { STOCK_CHECKS } from './stock-checks.ts';

export const CHECKS: readonly Check[] = [
  ...STOCK_CHECKS,
  ...ORDER_CHECKS,
  ...CROSS_CHECKS,
  ...MONEY_CHECKS,
  ...PROVIDER_CHECKS,
  ...MESSAGE_CHECKS,
  ...BROKER_CHECKS,
];

export interface ReconcileOptions extends CheckContext {
  /** How long a discrepancy has to stay to count. */
  settleMs: number;
  /** @default one second */
  roundPauseMs?: number;
}

export interface CheckResult {
  name: string;
  rule: string;
  discrepancies: Discrepancy[];
  /** Nobody could be asked: the rule may hold or not. */
  isSkipped: boolean;
}

/**
 * Compares what the services have written about the same orders, money, stock and messages. A running platform changes
 * while it is read, and two databases are never read at one moment: what does not add up is looked at again, and counts
 * only when it looked exactly the same in every round until `settleMs` had passed.
 */
export async function reconcile(options: ReconcileOptions): Promise<CheckResult[]> {
  const { roundPauseMs = 1_000, settleMs } = options;
  const startedAt = performance.now();
  let results = await runChecks(CHECKS, options);
  while (results.some(({ discrepancies }) => discrepancies.length > 0)) {
    const leftMs = settleMs - (performance.now() - startedAt);
    if (leftMs <= 0) break;
    await new Promise((resolve) => setTimeout(resolve, Math.min(roundPauseMs, leftMs)));
    results = await lookAgain(results, options);
  }
  return results;
}

async function runChecks(checks: readonly Check[], context: CheckContext): Promise<CheckResult[]> {
  const results: CheckResult[] = [];
  for (const check of checks) {
    const { name, needs, rule } = check;
    const isSkipped = needs !== undefined && context[needs] === undefined;
    results.push({ name, rule, isSkipped, discrepancies: isSkipped ? [] : await check.run(context) });
  }
  return results;
}

async function lookAgain(before: CheckResult[], context: CheckContext): Promise<CheckResult[]> {
  const open = new Set(before.filter(({ discrepancies }) => discrepancies.length > 0).map(({ name }) => name));
  const again = await runChecks(
    CHECKS.filter(({ name }) => open.has(name)),
    context,
  );
  const seenAgain = new Map(again.map(({ name, discrepancies }) => [name, new Set(discrepancies.map(keyOf))]));
  return before.map((result) => ({
    ...result,
    discrepancies: result.discrepancies.filter((each) => seenAgain.get(result.name)?.has(keyOf(each))),
  }));
}

function keyOf({ subject, expected, found }: Discrepancy): string {
  return JSON.stringify([subject, expected, found]);
}
