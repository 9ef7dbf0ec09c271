import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { anOrder, euros, NOW } from '../../test/builders.ts';
import { decide, evolve, isPaymentSettled, type Order, type OrderCommand, type PaymentReport } from './order.ts';

/*
 * A model of payment-service beside the aggregate: one payment row that reacts to order.cancelled, and whose every state
 * is told by an event. Its events reach the order in any order, any number of times, between any commands of people.
 */
const total = anOrder().total;

interface World {
  order: Order;
  /** Everything payment-service has told so far; the last is its state. */
  told: PaymentReport[];
  versions: string[];
}

type Action =
  | { kind: 'charge'; succeeds: boolean }
  | { kind: 'react' }
  | { kind: 'hear'; which: number }
  | { kind: 'refund' }
  | { kind: 'command'; command: OrderCommand };

const commands: OrderCommand[] = [
  { type: 'CancelOrder', reason: null },
  { type: 'ExpireReservation' },
  { type: 'ShipOrder', tracking: { carrier: 'DHL', trackingNumber: '1' } },
  { type: 'DeliverOrder' },
];

const action: fc.Arbitrary<Action> = fc.oneof(
  fc.record({ kind: fc.constant('charge' as const), succeeds: fc.boolean() }),
  fc.record({ kind: fc.constant('react' as const) }),
  fc.record({ kind: fc.constant('hear' as const), which: fc.nat(20) }),
  fc.record({ kind: fc.constant('refund' as const) }),
  fc.record({ kind: fc.constant('command' as const), command: fc.constantFrom(...commands) }),
);

function tell(world: World, status: PaymentReport['status'], captured = euros(0)): void {
  world.told.push({ status, captured, sequence: world.told.length + 1 });
}

/** What payment-service does about an order that it knows to be cancelled. */
function react(world: World): void {
  const last = world.told.at(-1);
  if (world.order.status !== 'cancelled') return;
  if (!last) tell(world, 'voided');
  else if (last.status === 'captured' || last.status === 'partially_refunded') tell(world, 'refunded', last.captured);
}

function apply(world: World, command: OrderCommand): void {
  const before = world.order;
  const decision = decide(before, command);
  if (decision.outcome !== 'changed') return;
  world.order = evolve(before, decision.event, NOW);
  expect(world.order.version).toBe(before.version + 1);
  if (before.status === 'cancelled') expect(world.order.status).toBe('cancelled');
  if (before.status === 'completed' && world.order.status !== 'completed') {
    expect(world.order.status).toBe('cancelled');
    expect(before.fulfillmentStatus).toBe('unfulfilled');
  }
  world.versions.push(world.order.status);
}

function act(world: World, step: Action): void {
  switch (step.kind) {
    case 'charge':
      if (world.told.length === 0) tell(world, step.succeeds ? 'captured' : 'failed', step.succeeds ? total : euros(0));
      break;
    case 'refund':
      if (world.told.at(-1)?.status === 'captured' && world.order.status === 'completed')
        tell(world, 'partially_refunded', total);
      break;
    case 'react':
      react(world);
      break;
    case 'hear': {
      const payment = world.told[step.which % Math.max(1, world.told.length)];
      if (payment) apply(world, { type: 'RecordPayment', payment });
      break;
    }
    case 'command':
      apply(world, step.command);
      break;
    default:
      step satisfies never;
  }
}

/** The faults are over: everything told is heard, and both sides finish. */
function finish(world: World): void {
  for (let round = 0; round < 4; round += 1) {
    for (const payment of world.told) apply(world, { type: 'RecordPayment', payment });
    react(world);
    // An order that nobody pays ends with its reservation.
    if (world.told.length === 0) apply(world, { type: 'ExpireReservation' });
  }
}

describe('every interleaving of cancel, expiry, payment success and failure', () => {
  it('ends completed with one capture, or cancelled with nothing left captured', () => {
    fc.assert(
      fc.property(fc.array(action, { maxLength: 30 }), (steps) => {
        const world: World = { order: anOrder(), told: [], versions: [] };
        for (const step of steps) act(world, step);
        finish(world);
        const last = world.told.at(-1);
        expect(isPaymentSettled(world.order)).toBe(true);
        if (world.order.status === 'completed') {
          expect(last?.captured).toEqual(total);
          expect(['captured', 'partially_refunded']).toContain(world.order.paymentStatus);
        } else expect(['failed', 'voided', 'refunded']).toContain(world.order.paymentStatus);
        expect(world.order.paymentStatus).toBe(last?.status);
      }),
      { numRuns: 2_000 },
    );
  });

  it('converges whatever the order and the number of deliveries of one payment story', () => {
    const story: PaymentReport[] = [
      { status: 'captured', captured: total, sequence: 1 },
      { status: 'partially_refunded', captured: total, sequence: 2 },
      { status: 'refunded', captured: total, sequence: 3 },
    ];
    const deliveries = fc.shuffledSubarray([...story, ...story, ...story], { minLength: 9 });
    fc.assert(
      fc.property(deliveries, (heard) => {
        const world: World = { order: anOrder(), told: [], versions: [] };
        for (const payment of heard) apply(world, { type: 'RecordPayment', payment });
        expect(world.order).toMatchObject({ status: 'completed', paymentStatus: 'refunded', paymentSequence: 3 });
      }),
      { numRuns: 500 },
    );
  });
});
