import { createHash } from 'node:crypto';
import { classifyDatabaseError, type Pool } from '@souk/service-runtime';
import { type ChargeOutcome, FAILURE_CODES, type FailureCode } from '../payments/payment.ts';
import {
  type ChargeRequest,
  type PaymentProvider,
  ProviderMisuseError,
  ProviderUnavailableError,
  type RefundOutcome,
  type RefundRequest,
} from '../payments/payment-provider.ts';
import { createMicroBatch } from './micro-batch.ts';
import {
  bookRefund,
  findEntry,
  insertCharges,
  type LedgerEntry,
  type NewLedgerEntry,
  repeatCharges,
} from './sandbox-ledger.ts';

const SLOW_ANSWER_MS = 3_000;
const CHARGES_PER_STATEMENT_MAX = 100;

interface Answer {
  entry: Pick<LedgerEntry, 'id' | 'fingerprint' | 'outcome' | 'failureCode' | 'amount' | 'currency'>;
  repeated: boolean;
}

/**
 * The built-in provider for demonstrations and tests: its own books, its own transactions, its own idempotency keys, and
 * tokens that show what a provider can do to us. Charges that arrive together share one statement.
 */
export function createSandboxProvider(options: { pool: Pool; newId: () => string }): PaymentProvider {
  const { pool, newId } = options;

  const book = createMicroBatch<NewLedgerEntry, Answer>({
    batchMax: CHARGES_PER_STATEMENT_MAX,
    run: async (charges) => {
      const inserted = await insertCharges(pool, charges);
      const repeated = charges.filter((charge) => !inserted.has(charge.idempotencyKey)).map((c) => c.idempotencyKey);
      const known = repeated.length === 0 ? new Map<string, LedgerEntry>() : await repeatCharges(pool, repeated);
      return charges.map((charge) => {
        const entry = known.get(charge.idempotencyKey);
        return entry === undefined ? { entry: charge, repeated: false } : { entry, repeated: true };
      });
    },
  });

  return {
    name: 'sandbox',
    async charge(request) {
      const { entry, repeated } = await book(toNewCharge(request, newId()));
      if (entry.fingerprint !== fingerprintOf(request.amount, request.paymentMethod)) {
        throw new ProviderMisuseError('The idempotency key was used for another charge');
      }
      // A repeat is answered at once, whatever the token did the first time.
      if (!repeated) await misbehave(request);
      return toChargeOutcome(entry);
    },
    refund: (request) => refund(pool, request, newId),
  };
}

function fingerprintOf(amount: { amount: number; currency: string }, subject: string): string {
  return createHash('sha256').update(`${amount.amount} ${amount.currency} ${subject}`).digest('base64url');
}

function toNewCharge(request: ChargeRequest, id: string): NewLedgerEntry {
  return {
    id,
    orderId: request.orderId,
    idempotencyKey: request.key,
    fingerprint: fingerprintOf(request.amount, request.paymentMethod),
    ...firstOutcomeOf(request.paymentMethod),
    amount: request.amount.amount,
    currency: request.amount.currency,
  };
}

function firstOutcomeOf(paymentMethod: string): Pick<LedgerEntry, 'outcome' | 'failureCode'> {
  switch (paymentMethod) {
    case 'tok_ok':
    case 'tok_slow':
    case 'tok_timeout':
      return { outcome: 'succeeded', failureCode: null };
    case 'tok_flaky':
      return { outcome: 'error', failureCode: null };
    case 'tok_declined':
      return { outcome: 'declined', failureCode: 'declined' };
    case 'tok_insufficient_funds':
      return { outcome: 'declined', failureCode: 'insufficient_funds' };
    default:
      return { outcome: 'declined', failureCode: 'unknown_payment_method' };
  }
}

async function misbehave(request: ChargeRequest): Promise<void> {
  if (request.paymentMethod === 'tok_slow') await silence(request.signal, SLOW_ANSWER_MS);
  if (request.paymentMethod === 'tok_timeout') await silence(request.signal, undefined);
  if (request.paymentMethod === 'tok_flaky') throw new ProviderUnavailableError('The provider answered 500');
}

/** Says nothing for a while, or until the caller gives up. */
function silence(signal: AbortSignal, ms: number | undefined): Promise<void> {
  return new Promise((resolve, reject) => {
    const giveUp = () => {
      clearTimeout(timer);
      reject(new ProviderUnavailableError('The provider did not answer in time'));
    };
    const answer = () => {
      signal.removeEventListener('abort', giveUp);
      resolve();
    };
    const timer = ms === undefined ? undefined : setTimeout(answer, ms);
    if (signal.aborted) giveUp();
    else signal.addEventListener('abort', giveUp, { once: true });
  });
}

function toChargeOutcome(entry: Answer['entry']): ChargeOutcome {
  if (entry.outcome === 'declined') {
    const failureCode: FailureCode = FAILURE_CODES.find((code) => code === entry.failureCode) ?? 'declined';
    return { kind: 'declined', failureCode };
  }
  return { kind: 'captured', amount: { amount: entry.amount, currency: entry.currency }, reference: entry.id };
}

async function refund(pool: Pool, request: RefundRequest, newId: () => string): Promise<RefundOutcome> {
  const fingerprint = fingerprintOf(request.amount, request.chargeReference);
  const known = await findEntry(pool, request.key);
  if (known !== undefined) return toRefundOutcome(known, fingerprint);
  try {
    const entry: NewLedgerEntry = {
      id: newId(),
      orderId: request.orderId,
      idempotencyKey: request.key,
      fingerprint,
      outcome: 'succeeded',
      failureCode: null,
      amount: request.amount.amount,
      currency: request.amount.currency,
    };
    const booked = await bookRefund(pool, entry, request.chargeReference);
    return booked ? { kind: 'succeeded', reference: entry.id } : { kind: 'failed', reference: null };
  } catch (error) {
    // The same key at the same moment: the other one booked it.
    if (classifyDatabaseError(error).kind !== 'unique') throw error;
    const winner = await findEntry(pool, request.key);
    if (winner === undefined) throw error;
    return toRefundOutcome(winner, fingerprint);
  }
}

function toRefundOutcome(entry: LedgerEntry, fingerprint: string): RefundOutcome {
  if (entry.fingerprint !== fingerprint)
    throw new ProviderMisuseError('The idempotency key was used for another refund');
  return { kind: 'succeeded', reference: entry.id };
}
