import { Refusal } from '@souk/contracts';
import { UnprocessableEventError } from '@souk/outbox';

/*
 * The catalogue of what an order refuses, each by a stable code. The table code -> status -> title is PROBLEMS of
 * @souk/contracts, the same for every service; `detail` says what was expected and what was found.
 */

interface OrderState {
  status: string;
  fulfillmentStatus: string;
}

const describe = (order: OrderState) => `${order.status} and ${order.fulfillmentStatus}`;

export const orderNotFound = () => new Refusal('not-found', 'No such order');

export const notCancellable = (order: OrderState) =>
  new Refusal('not-cancellable', `Expected an order that is not on its way, found one that is ${describe(order)}`);

export const wrongState = (order: OrderState, expected: string) =>
  new Refusal('wrong-state', `Expected an order that is ${expected}, found one that is ${describe(order)}`);

export const cartEmpty = () => new Refusal('cart-empty', 'Expected items in the request or in the cart, found none');

export const cartOrderedMeanwhile = () =>
  new Refusal('conflict', 'Another order emptied this cart while this one was placed');

export const cartFull = (linesMax: number) =>
  new Refusal('validation', `Expected a cart of at most ${linesMax} lines`, {
    errors: [{ pointer: '/quantity', detail: `the cart has ${linesMax} lines already` }],
  });

export const productNotFound = () => new Refusal('not-found', 'No such product');

export const onlyAdministrators = () => new Refusal('forbidden', 'Only administrators list the orders of others');

export const tooManyStreams = (streamsMax: number) =>
  new Refusal('rate-limited', `Expected at most ${streamsMax} open timelines`, { retryAfterSeconds: 5 });

export const reservationKeepsClosing = () =>
  new Refusal('unavailable', 'The stock could not be reserved at the moment', { retryAfterSeconds: 1 });

/** A message about an order that this service never acknowledged: no further attempt would find it. */
export const unknownOrder = (orderId: string) => new UnprocessableEventError(`no order ${orderId} exists`);

/** A payment event without `sequence` cannot be put in order. */
export const unnumberedPayment = () => new UnprocessableEventError('a payment event needs a sequence');

/** The row changed although it was locked: a programmer's error that must not be committed. */
export class LostUpdateError extends Error {
  override readonly name = 'LostUpdateError';
  constructor(expected: number, saved: number) {
    super(`Expected to save ${expected} orders, saved ${saved}`);
  }
}
