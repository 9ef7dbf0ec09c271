import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { select } from '../src/index.ts';
import { Campaign } from './src/campaign.ts';
import type { Fault } from './src/fault.ts';
import { keepAlive } from './src/process-faults.ts';
import { FAULT_SEED, IS_WHOLE, seededRandom } from './src/seeded-random.ts';
import { MISBEHAVIOURS, type Misbehaviour, StripeStandIn } from './src/stripe-stand-in.ts';

/** With every change the two that would cost most: charged and nobody knows, charged another amount. */
const TRIED: readonly Misbehaviour[] = IS_WHOLE ? MISBEHAVIOURS : ['silent after', 'wrong amount'];
const DURATION_MS = Number(process.env.SOUK_FAULT_DURATION_MS ?? '2000');

describe('a payment provider with bad days', () => {
  let stripe: StripeStandIn;
  let campaign: Campaign;
  beforeAll(async () => {
    stripe = await StripeStandIn.start();
    campaign = await Campaign.start({
      env: {
        PAYMENT_PROVIDER: 'stripe',
        STRIPE_API_BASE: stripe.url,
        STRIPE_API_KEY: 'sk_test_of_the_stand_in',
        STRIPE_WEBHOOK_SECRET: 'whsec_of_the_stand_in_0123456789abcdef',
        PAYMENT_PROVIDER_TIMEOUT_MS: '500',
        PAYMENT_PROVIDER_RETRY_DELAY_MS_MAX: '500',
      },
    });
    campaign.providerBooks = () => stripe.books();
  });
  afterAll(async () => {
    await campaign?.stop();
    await stripe?.stop();
  });

  const round = async (name: string, faults: readonly Fault[] = []) => {
    const report = await campaign.round({ faults, seed: FAULT_SEED, durationMs: DURATION_MS });
    console.log(`${name} | ${JSON.stringify(report)}`);
    expect(report.ok).toBeGreaterThan(0);
  };

  it('that is well is charged once for each order', () => round('none'));

  it.each(TRIED)('charges no order twice and forgets none: %s, one time in three', async (misbehaviour) => {
    const random = seededRandom(FAULT_SEED);
    stripe.misbehave = () => (random.next() < 1 / 3 ? misbehaviour : 'none');
    await round(misbehaviour);
  });

  it('that takes a wrong amount gives it back, and somebody is told', async () => {
    const metrics = await fetch(`${campaign.fault.platform.serviceUrl('payment-service')}/metrics`);
    expect(await metrics.text()).toMatch(/souk_payment_alarms_total\{[^}]*wrong-amount[^}]*\} \d+/);
    const [row] = await select<{ n: number }>(
      campaign.fault.platform,
      'payments',
      `SELECT count(*)::int AS n FROM payments WHERE captured = amount - 1 AND refunded = captured`,
    );
    expect(row?.n).toBeGreaterThan(0);
  });

  it('charges no order twice when payment-service dies between a charge and its record', async () => {
    stripe.misbehave = () => 'none';
    await round('dies at every fifth charge, three times', [
      {
        run: (context) =>
          keepAlive(
            context,
            'payment-service',
            new Promise<void>((resolve) => {
              let moved = 0;
              stripe.onMoved = () => {
                moved += 1;
                if (moved % 5 === 3) context.platform.childOf('payment-service').signal('SIGKILL');
                if (moved < 13) return;
                stripe.onMoved = () => {};
                resolve();
              };
            }),
          ),
      },
    ]);
  });
});
