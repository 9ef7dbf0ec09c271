import {
  createLeasedWorker,
  type FinishedTask,
  type LeasedWorker,
  type PoolClient,
  transaction,
} from '@souk/service-runtime';
import { type Answer, askProvider } from './ask-provider.ts';
import type { ProviderWorkerOptions } from './charger.ts';
import { type LeasedRefund, leaseRefunds, lockLeasedRefunds, releaseLeases, renewLeases } from './leases.ts';
import { decidePayment } from './payment.ts';
import type { RefundOutcome } from './payment-provider.ts';
import { applyChanges, lockPayments, savePayments } from './payment-repository.ts';
import { longestPauseMs, retryDelayMs } from './retry-delay.ts';

const REFUNDS_IN_FLIGHT_MAX = 64;

type FinishedRefund = FinishedTask<LeasedRefund, Answer<RefundOutcome>>;
type KnownRefund = { task: LeasedRefund; outcome: RefundOutcome };

/** Policy: when a refund is due then give the money back; what a cancelled order is owed is retried until it succeeds. */
export function createRefunder(options: ProviderWorkerOptions): LeasedWorker {
  const { pool, provider, config } = options;
  const leaseId = options.newId();
  const { leaseMs } = config;
  return createLeasedWorker<LeasedRefund, Answer<RefundOutcome>>({
    name: 'refunder',
    leaseId,
    leaseMs,
    pollIntervalMs: config.pollIntervalMs,
    concurrencyMax: REFUNDS_IN_FLIGHT_MAX,
    lease: (limit) => leaseRefunds(pool, { leaseId, leaseMs, limit }),
    run: (refund, stopping) =>
      askProvider({
        operation: 'refund',
        timeoutMs: config.providerTimeoutMs,
        stopping,
        traceparent: refund.traceparent,
        ask: (signal) =>
          provider.refund({
            key: refund.providerKey,
            orderId: refund.orderId,
            chargeReference: refund.chargeReference,
            amount: refund.amount,
            requestedAt: refund.requestedAt,
            signal,
          }),
        metrics: options.paymentMetrics,
        logger: options.logger,
      }),
    settle: (finished) => settleRefunds(options, leaseId, finished),
    renew: (ids) => renewLeases(pool, 'refunds', { leaseId, leaseMs, ids }),
    logger: options.logger,
    metrics: options.metrics,
  });
}

async function settleRefunds(
  options: ProviderWorkerOptions,
  leaseId: string,
  finished: readonly FinishedRefund[],
): Promise<void> {
  const known: KnownRefund[] = [];
  const unknown: { id: string; delayMs: number }[] = [];
  for (const { task, result } of finished) {
    if (result.known && !isOwedStill(options, task, result.outcome)) known.push({ task, outcome: result.outcome });
    else {
      const pauseMs = longestPauseMs(options.config.providerRetryDelayMsMax, task.requestedAt, options.clock.now());
      unknown.push({ id: task.id, delayMs: retryDelayMs(task.attempts, pauseMs, options.random()) });
    }
  }
  if (known.length > 0) {
    options.onSettled(await transaction(options.pool, (tx) => recordRefunds(tx, options, { leaseId, known })));
  }
  await releaseLeases(options.pool, 'refunds', { leaseId, rows: unknown });
}

function isOwedStill(options: ProviderWorkerOptions, task: LeasedRefund, outcome: RefundOutcome): boolean {
  if (task.origin !== 'compensation' || outcome.kind === 'succeeded') return false;
  options.paymentMetrics.alarms.inc({ alarm: 'compensation-refused' });
  options.logger.error({ refundId: task.id }, 'Payment provider refused the refund of a cancelled order');
  return true;
}

async function recordRefunds(
  tx: PoolClient,
  options: ProviderWorkerOptions,
  { leaseId, known }: { leaseId: string; known: readonly KnownRefund[] },
): Promise<boolean> {
  // Payments before refunds, as everywhere, so that no two transactions wait for each other.
  const locked = await lockPayments(tx, [...new Set(known.map(({ task }) => task.paymentId))]);
  const held = await lockLeasedRefunds(
    tx,
    leaseId,
    known.map(({ task }) => task.id),
  );
  for (const { task, outcome } of known) {
    const payment = locked.get(task.paymentId);
    if (payment === undefined || !held.has(task.id)) continue;
    applyChanges(
      payment,
      decidePayment(payment.payment, {
        type: 'record-refund',
        refundId: task.id,
        amount: task.amount.amount,
        succeeded: outcome.kind === 'succeeded',
        compensationId: options.newId(),
      }),
    );
  }
  const refundsDue = await savePayments(tx, [...locked.values()], { now: options.clock.now(), newId: options.newId });
  await saveReferences(tx, known);
  return refundsDue;
}

async function saveReferences(tx: PoolClient, known: readonly KnownRefund[]): Promise<void> {
  const referenced = known.filter(({ outcome }) => outcome.reference !== null);
  await tx.query(
    `UPDATE refunds AS r SET provider_reference = u.reference
     FROM unnest($1::uuid[], $2::text[]) AS u (id, reference) WHERE r.id = u.id`,
    [referenced.map(({ task }) => task.id), referenced.map(({ outcome }) => outcome.reference)],
  );
}
