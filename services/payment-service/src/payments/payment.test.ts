import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { aPendingPayment } from '../../test/builders.ts';
import { type ChargeOutcome, decidePayment, evolvePayment, type Payment, type PaymentCommand } from './payment.ts';

const CAPTURED: ChargeOutcome = { kind: 'captured', amount: { amount: 1999, currency: 'EUR' }, reference: 'ch_1' };
const DECLINED: ChargeOutcome = { kind: 'declined', failureCode: 'insufficient_funds' };

const given = (payment: Payment, ...commands: PaymentCommand[]) =>
  commands.reduce((state, command) => decidePayment(state, command).reduce(evolvePayment, state), payment);
const charge = (outcome: ChargeOutcome): PaymentCommand => ({ type: 'record-charge', outcome, compensationId: 'c' });
const CANCEL: PaymentCommand = { type: 'cancel', compensationId: 'c' };
const refund = (amount?: number): PaymentCommand => ({
  type: 'request-refund',
  refundId: 'r',
  amount: amount === undefined ? undefined : { amount, currency: 'EUR' },
  reason: 'broken',
  requestedBy: 'admin',
});
const refundEnds = (amount: number, succeeded = true): PaymentCommand => ({
  type: 'record-refund',
  refundId: 'r',
  amount,
  succeeded,
  compensationId: 'c',
});
const aTriedPayment = () => aPendingPayment({ tried: true });
const refusalOf = (payment: Payment, command: PaymentCommand) => {
  try {
    decidePayment(payment, command);
    return undefined;
  } catch (refusal) {
    return (refusal as { code?: string }).code;
  }
};

describe('a charge', () => {
  test('that the provider captured completes the payment', () => {
    expect(given(aTriedPayment(), charge(CAPTURED))).toMatchObject({ status: 'captured', captured: 1999, version: 1 });
  });

  test('that the provider declined fails the payment for good', () => {
    const failed = given(aTriedPayment(), charge(DECLINED));
    expect(failed).toMatchObject({ status: 'failed', failureCode: 'insufficient_funds', version: 1 });
    expect(decidePayment(failed, charge(CAPTURED))).toEqual([]);
  });

  test('that is told twice changes nothing the second time', () => {
    const captured = given(aTriedPayment(), charge(CAPTURED));
    expect(decidePayment(captured, charge(CAPTURED))).toEqual([]);
    expect(decidePayment(captured, charge(DECLINED))).toEqual([]);
  });

  test('of a wrong amount never completes: it goes back whole, and then the payment has failed', () => {
    const wrong = given(aTriedPayment(), charge({ ...CAPTURED, amount: { amount: 19, currency: 'EUR' } }));
    expect(wrong).toMatchObject({ status: 'pending', captured: 19, refundReserved: 19, version: 0 });
    expect(given(wrong, refundEnds(19))).toMatchObject({ status: 'failed', captured: 19, refunded: 19, version: 1 });
    expect(given(wrong, CANCEL, refundEnds(19))).toMatchObject({ status: 'voided', refunded: 19 });
  });
});

describe('a cancelled order', () => {
  test('voids a payment that was never tried', () => {
    expect(given(aPendingPayment(), CANCEL)).toMatchObject({ status: 'voided', cancelled: true, version: 1 });
  });

  test('waits for the outcome of a payment that was tried, and voids it when nothing was captured', () => {
    const waiting = given(aTriedPayment(), CANCEL);
    expect(waiting).toMatchObject({ status: 'pending', cancelled: true, version: 0 });
    expect(given(waiting, charge(DECLINED))).toMatchObject({ status: 'voided' });
  });

  test('gives a late capture back, once', () => {
    const late = given(aTriedPayment(), CANCEL, charge(CAPTURED));
    expect(late).toMatchObject({ status: 'captured', refundReserved: 1999 });
    expect(given(late, refundEnds(1999))).toMatchObject({ status: 'refunded', refunded: 1999, version: 2 });
    expect(decidePayment(late, CANCEL)).toEqual([]);
  });

  test('gives back what an administrator has left of it', () => {
    const partly = given(aTriedPayment(), charge(CAPTURED), refund(500), refundEnds(500));
    expect(decidePayment(partly, CANCEL)).toMatchObject([
      { type: 'order-cancelled' },
      { type: 'refund-requested', amount: 1499, origin: 'compensation' },
    ]);
  });

  test('waits for an open refund before it takes the rest', () => {
    const open = given(aTriedPayment(), charge(CAPTURED), refund(500), CANCEL);
    expect(open).toMatchObject({ refundReserved: 500 });
    expect(given(open, refundEnds(500, false))).toMatchObject({ refundReserved: 1999 });
    expect(given(open, refundEnds(500, true))).toMatchObject({ refundReserved: 1999, refunded: 500 });
  });

  test('leaves nothing for an administrator to refund', () => {
    expect(refusalOf(given(aTriedPayment(), charge(CAPTURED), CANCEL), refund(1))).toBe('refund-exceeds-payment');
  });
});

describe('a refund', () => {
  test('takes all that is left when no amount is given', () => {
    expect(given(aTriedPayment(), charge(CAPTURED), refund())).toMatchObject({ refundReserved: 1999 });
  });

  test('never exceeds what is left, promised refunds counted', () => {
    const promised = given(aTriedPayment(), charge(CAPTURED), refund(1500));
    expect(refusalOf(promised, refund(500))).toBe('refund-exceeds-payment');
    expect(given(promised, refundEnds(1500, false), refund(1999))).toMatchObject({ refundReserved: 1999 });
  });

  test('needs something captured', () => {
    expect(refusalOf(aTriedPayment(), refund(1))).toBe('not-refundable');
    expect(refusalOf(given(aTriedPayment(), charge(DECLINED)), refund(1))).toBe('not-refundable');
  });

  test('in another currency breaks the schema', () => {
    const foreign: PaymentCommand = { ...refund(1), amount: { amount: 1, currency: 'USD' } } as PaymentCommand;
    expect(refusalOf(given(aTriedPayment(), charge(CAPTURED)), foreign)).toBe('validation');
  });
});

describe('a payment method', () => {
  const at = new Date('2026-01-01T00:00:00Z');
  const setMethod: PaymentCommand = { type: 'set-method', paymentMethod: 'tok_ok', at };

  test('is set once', () => {
    const waiting = aPendingPayment({ paymentMethod: null });
    expect(given(waiting, setMethod)).toMatchObject({ paymentMethod: 'tok_ok' });
    expect(refusalOf(given(waiting, setMethod), setMethod)).toBe('payment-exists');
  });

  test('is refused for a cancelled order and after the reservation has expired', () => {
    expect(refusalOf(given(aPendingPayment({ paymentMethod: null }), CANCEL), setMethod)).toBe('order-not-payable');
    expect(refusalOf(aPendingPayment({ paymentMethod: null, reservationExpiresAt: at }), setMethod)).toBe(
      'order-not-payable',
    );
  });
});

type Move = { kind: 'try' | 'cancel' | 'answer' | 'admin-refund' | 'refund-answer'; amount: number; ok: boolean };

/** A provider that decides once per key, and a payment that hears of it, of cancellations and of refunds in any order. */
class World {
  payment: Payment = aPendingPayment();
  readonly charged: ChargeOutcome;
  readonly openRefunds: { id: string; amount: number; origin: string }[] = [];
  providerRefunded = 0;
  compensations = 0;
  versions: number[] = [];
  private refunds = 0;

  constructor(charged: ChargeOutcome) {
    this.charged = charged;
  }

  do(command: PaymentCommand): void {
    for (const change of decidePayment(this.payment, command)) {
      this.payment = evolvePayment(this.payment, change);
      this.versions.push(this.payment.version);
      if (change.type !== 'refund-requested') continue;
      this.openRefunds.push({ id: change.refundId, amount: change.amount, origin: change.origin });
      if (change.origin === 'compensation') this.compensations += 1;
    }
  }

  move({ kind, amount, ok }: Move): void {
    const { payment } = this;
    const compensationId = `c${this.refunds++}`;
    if (kind === 'try' && payment.status === 'pending' && !payment.cancelled)
      this.payment = { ...payment, tried: true };
    if (kind === 'cancel') this.do({ type: 'cancel', compensationId });
    if (kind === 'answer' && payment.status === 'pending' && payment.tried) {
      this.do({ type: 'record-charge', outcome: this.charged, compensationId });
    }
    if (kind === 'admin-refund') this.adminRefund(amount);
    if (kind === 'refund-answer') this.refundAnswer(ok, compensationId);
  }

  private adminRefund(amount: number): void {
    const money = { amount, currency: 'EUR' };
    const refundId = `r${this.refunds++}`;
    try {
      this.do({ type: 'request-refund', refundId, amount: money, reason: 'x', requestedBy: 'a' });
    } catch {
      // refused: nothing changes
    }
  }

  private refundAnswer(ok: boolean, compensationId: string): void {
    const open = this.openRefunds.shift();
    if (open === undefined) return;
    const succeeded = ok || open.origin === 'compensation';
    if (succeeded) this.providerRefunded += open.amount;
    this.do({ type: 'record-refund', refundId: open.id, amount: open.amount, succeeded, compensationId });
  }

  /** The charger and the refunder go on until nothing is left to do. */
  settle(): void {
    if (this.payment.status === 'pending' && this.payment.captured === 0 && !this.payment.cancelled) {
      this.move({ kind: 'try', amount: 0, ok: true });
    }
    this.move({ kind: 'answer', amount: 0, ok: true });
    while (this.openRefunds.length > 0) this.move({ kind: 'refund-answer', amount: 0, ok: true });
  }
}

const moveArbitrary: fc.Arbitrary<Move> = fc.record({
  kind: fc.constantFrom('try', 'cancel', 'answer', 'admin-refund', 'refund-answer'),
  amount: fc.integer({ min: 1, max: 2500 }),
  ok: fc.boolean(),
});
const outcomeArbitrary: fc.Arbitrary<ChargeOutcome> = fc.oneof(
  fc.constant(CAPTURED),
  fc.constant(DECLINED),
  fc.integer({ min: 1, max: 3000 }).map((amount) => ({ ...CAPTURED, amount: { amount, currency: 'EUR' } })),
);

test('every interleaving of tries, cancellations, answers and refunds ends in one of the two states', () => {
  fc.assert(
    fc.property(fc.array(moveArbitrary, { maxLength: 30 }), outcomeArbitrary, (moves, outcome) => {
      const world = new World(outcome);
      for (const move of moves) {
        world.move(move);
        const { captured, refundReserved, refunded } = world.payment;
        expect(0 <= refunded && refunded <= refundReserved && refundReserved <= captured).toBe(true);
      }
      world.settle();
      const { payment } = world;
      expect(payment.status).not.toBe('pending');
      expect(payment.refunded).toBe(world.providerRefunded);
      expect(world.compensations).toBeLessThanOrEqual(1);
      if (payment.cancelled || payment.status === 'failed') expect(payment.captured - payment.refunded).toBe(0);
      else expect(payment.captured).toBe(payment.amount.amount);
      expect(world.versions).toEqual([...world.versions].sort((a, b) => a - b));
    }),
    { numRuns: 3000 },
  );
});
