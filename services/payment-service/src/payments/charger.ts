import {
  type Clock,
  createLeasedWorker,
  type FinishedTask,
  type LeasedWorker,
  type Logger,
  type Metrics,
  type Pool,
  transaction,
} from '@souk/service-runtime';
import { type Answer, askProvider } from './ask-provider.ts';
import { type LeasedCharge, leaseCharges, releaseLeases, renewLeases } from './leases.ts';
import { type ChargeOutcome, decidePayment } from './payment.ts';
import type { PaymentMetrics } from './payment-metrics.ts';
import type { PaymentProvider } from './payment-provider.ts';
import { applyChanges, type LockedPayment, lockPayments, savePayments } from './payment-repository.ts';
import { longestPauseMs, retryDelayMs } from './retry-delay.ts';

export interface ProviderWorkerOptions {
  pool: Pool;
  provider: PaymentProvider;
  config: { providerTimeoutMs: number; providerRetryDelayMsMax: number; leaseMs: number; pollIntervalMs: number };
  clock: Clock;
  newId: () => string;
  random: () => number;
  logger: Logger;
  metrics: Metrics;
  paymentMetrics: PaymentMetrics;
  /** Called after the commit of results: there are events to publish, and refunds to make where `refundsDue`. */
  onSettled: (refundsDue: boolean) => void;
}

const CHARGES_IN_FLIGHT_MAX = 256;

type FinishedCharge = FinishedTask<LeasedCharge, Answer<ChargeOutcome>>;

/**
 * Policy: when a payment is due then charge it. The one place that asks the provider for money: consumers only write rows.
 */
export function createCharger(options: ProviderWorkerOptions): LeasedWorker {
  const { pool, provider, config } = options;
  const leaseId = options.newId();
  const { leaseMs } = config;
  return createLeasedWorker<LeasedCharge, Answer<ChargeOutcome>>({
    name: 'charger',
    leaseId,
    leaseMs,
    pollIntervalMs: config.pollIntervalMs,
    concurrencyMax: CHARGES_IN_FLIGHT_MAX,
    lease: (limit) => leaseCharges(pool, { leaseId, leaseMs, limit }),
    run: (charge, stopping) =>
      askProvider({
        operation: 'charge',
        timeoutMs: config.providerTimeoutMs,
        stopping,
        traceparent: charge.traceparent,
        ask: (signal) =>
          provider.charge({
            key: charge.id,
            orderId: charge.orderId,
            amount: charge.amount,
            paymentMethod: charge.paymentMethod,
            firstTriedAt: charge.firstTriedAt,
            signal,
          }),
        metrics: options.paymentMetrics,
        logger: options.logger,
      }),
    settle: (finished) => settleCharges(options, leaseId, finished),
    renew: (ids) => renewLeases(pool, 'payments', { leaseId, leaseMs, ids }),
    logger: options.logger,
    metrics: options.metrics,
  });
}

async function settleCharges(
  options: ProviderWorkerOptions,
  leaseId: string,
  finished: readonly FinishedCharge[],
): Promise<void> {
  const outcomes = new Map<string, ChargeOutcome>();
  const unknown: { id: string; delayMs: number }[] = [];
  for (const { task, result } of finished) {
    if (result.known) outcomes.set(task.id, result.outcome);
    else unknown.push({ id: task.id, delayMs: delayOf(options, task) });
  }
  if (outcomes.size > 0) {
    const refundsDue = await transaction(options.pool, async (tx) => {
      const locked = await lockPayments(tx, [...outcomes.keys()], leaseId);
      for (const [id, outcome] of outcomes) {
        const payment = locked.get(id);
        if (payment !== undefined) recordCharge(options, payment, outcome);
      }
      return savePayments(tx, [...locked.values()], { now: options.clock.now(), newId: options.newId });
    });
    options.onSettled(refundsDue);
  }
  await releaseLeases(options.pool, 'payments', { leaseId, rows: unknown });
}

function delayOf({ clock, config, random }: ProviderWorkerOptions, task: LeasedCharge): number {
  const pauseMs = longestPauseMs(config.providerRetryDelayMsMax, task.firstTriedAt, clock.now());
  return retryDelayMs(task.attempts, pauseMs, random());
}

/** Takes the provider's word, from the charger or from a webhook, into a locked payment. */
export function recordCharge(
  options: { newId: () => string; paymentMetrics: PaymentMetrics; logger: Logger },
  locked: LockedPayment,
  outcome: ChargeOutcome,
): void {
  const changes = decidePayment(locked.payment, {
    type: 'record-charge',
    outcome,
    compensationId: options.newId(),
  });
  if (changes.some((change) => change.type === 'wrong-amount-captured')) {
    options.paymentMetrics.alarms.inc({ alarm: 'wrong-amount' });
    options.logger.error({ paymentId: locked.payment.id }, 'Payment provider captured a wrong amount');
  }
  applyChanges(locked, changes);
}
