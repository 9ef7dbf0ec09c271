/** What no request to a healthy platform can provoke, by outcome, and where it is provoked instead. */
export const BY_NO_REQUEST: Readonly<Record<string, string>> = {
  internal: 'a defect; no input leads to it, which the odd requests and the hostile ones try',
  unavailable: 'a dependency has to fail, or the service to be full: the tests with faults',
  'bad-gateway': 'the service behind the gateway has to answer nonsense: relay-faults.int.test.ts',
  'upstream-timeout': 'the service behind the gateway has to hang: relay-faults.int.test.ts',
  'rate-limited': 'the limits are off here: rate-limit.int.test.ts, limits.int.test.ts, timeline-routes.int.test.ts',
};

/** Outcomes of single operations that this platform cannot be brought to, and why. */
export const NOT_HERE: Readonly<Record<string, string>> = {
  'receiveStripeWebhook 200': 'the provider is the sandbox, with which the route is 404: stripe-webhook.int.test.ts',
  'receiveStripeWebhook unauthorized': 'as above',
};

/** Operations where an id that nobody knows is no 404, and why. */
export const UNKNOWN_ID_ALLOWED = [
  // A cart without the line is what was asked for.
  'removeCartItem',
  // Make a reservation, or close it before it is made, so that a late one is refused.
  'reserveStock',
  'releaseStock',
];

/** Operations whose example a running platform cannot take as it stands, and why. */
export const EXAMPLES_NOT_SENT: Readonly<Record<string, string>> = {};
