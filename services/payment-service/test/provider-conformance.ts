import { newId } from '@souk/service-runtime';
import { waitFor } from '@souk/testing';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import {
  type ChargeRequest,
  type PaymentProvider,
  ProviderMisuseError,
  type RefundRequest,
} from '../src/payments/payment-provider.ts';

/** For a provider that does answer, on a machine with other work. */
export const PATIENCE_MS = 15_000;

/** A provider under test, the methods that make it behave, and a look into its books. */
export interface ProviderUnderTest {
  provider: PaymentProvider;
  methods: Record<'captures' | 'declines' | 'insufficient' | 'unknown' | 'silentOnce' | 'failsOnce', string>;
  /** What moved for an order, refunds negative. */
  moved(orderId: string): Promise<number[]>;
  stop(): Promise<void>;
}

/** What every payment provider behind the port must do. */
export function describeProvider(name: string, create: () => Promise<ProviderUnderTest>): void {
  describe(`${name} as a payment provider`, () => {
    let subject: ProviderUnderTest;
    beforeAll(async () => {
      subject = await create();
    });
    afterAll(() => subject.stop());

    const aCharge = (paymentMethod: string, overrides: Partial<ChargeRequest> = {}): ChargeRequest => ({
      key: newId(),
      orderId: newId(),
      amount: { amount: 1999, currency: 'EUR' },
      paymentMethod,
      firstTriedAt: new Date(),
      signal: AbortSignal.timeout(PATIENCE_MS),
      ...overrides,
    });
    const charge = (request: ChargeRequest) => subject.provider.charge(request);
    const aCapture = async () => {
      const request = aCharge(subject.methods.captures);
      const outcome = await charge(request);
      if (outcome.kind !== 'captured') return expect.fail('not captured');
      return { request, reference: outcome.reference };
    };
    const aRefund = (capture: Awaited<ReturnType<typeof aCapture>>, amount: number): RefundRequest => ({
      key: newId(),
      orderId: capture.request.orderId,
      chargeReference: capture.reference,
      requestedAt: new Date(),
      amount: { amount, currency: 'EUR' },
      signal: AbortSignal.timeout(PATIENCE_MS),
    });

    test('captures exactly what was asked for', async () => {
      const request = aCharge(subject.methods.captures);
      expect(await charge(request)).toMatchObject({ kind: 'captured', amount: request.amount });
      expect(await subject.moved(request.orderId)).toEqual([1999]);
    });

    test('answers a repeated key with the same charge', async () => {
      const request = aCharge(subject.methods.captures);
      const first = await charge(request);
      expect(await charge(request)).toEqual(first);
      expect(await subject.moved(request.orderId)).toEqual([1999]);
    });

    test('charges once, however many ask with one key at one moment', async () => {
      const request = aCharge(subject.methods.captures);
      await Promise.allSettled(Array.from({ length: 10 }, () => charge(request)));
      expect(await charge(request)).toMatchObject({ kind: 'captured' });
      expect(await subject.moved(request.orderId)).toEqual([1999]);
    });

    test('does not serve a key for another charge', async () => {
      const request = aCharge(subject.methods.captures);
      await charge(request);
      await expect(charge({ ...request, amount: { amount: 1, currency: 'EUR' } })).rejects.toThrow(ProviderMisuseError);
      expect(await subject.moved(request.orderId)).toEqual([1999]);
    });

    test.each([
      ['declines', 'declined'],
      ['insufficient', 'insufficient_funds'],
      ['unknown', 'unknown_payment_method'],
    ] as const)('says no to a method that %s, also when asked again', async (method, failureCode) => {
      const request = aCharge(subject.methods[method]);
      expect(await charge(request)).toEqual({ kind: 'declined', failureCode });
      expect(await charge(request)).toEqual({ kind: 'declined', failureCode });
      expect(await subject.moved(request.orderId)).toEqual([]);
    });

    test('that never answers is given up at the deadline, and answers when asked again', async () => {
      const deadline = new AbortController();
      const request = aCharge(subject.methods.silentOnce, { signal: deadline.signal });
      const refusal = expect(charge(request)).rejects.toThrow();
      await waitFor(async () => (await subject.moved(request.orderId)).length === 1);
      deadline.abort();
      await refusal;
      const patient = { ...request, signal: AbortSignal.timeout(PATIENCE_MS) };
      expect(await charge(patient)).toMatchObject({ kind: 'captured' });
      expect(await subject.moved(request.orderId)).toEqual([1999]);
    });

    test('that fails tells nothing, and charges when asked again', async () => {
      const request = aCharge(subject.methods.failsOnce);
      await expect(charge(request)).rejects.toThrow();
      expect(await charge(request)).toMatchObject({ kind: 'captured' });
      expect(await subject.moved(request.orderId)).toEqual([1999]);
    });

    test('gives back a part and the rest, each key once, and never more than it took', async () => {
      const capture = await aCapture();
      const part = aRefund(capture, 500);
      const outcome = await subject.provider.refund(part);
      expect(outcome.kind).toBe('succeeded');
      expect(await subject.provider.refund(part)).toEqual(outcome);
      expect((await subject.provider.refund(aRefund(capture, 1500))).kind).toBe('failed');
      expect((await subject.provider.refund(aRefund(capture, 1499))).kind).toBe('succeeded');
      expect(await subject.moved(capture.request.orderId)).toEqual([1999, -500, -1499]);
    });

    test('refuses the refund of a charge it does not know', async () => {
      const refund = aRefund({ ...(await aCapture()), reference: newId() }, 1);
      expect((await subject.provider.refund(refund)).kind).toBe('failed');
    });
  });
}
