/** Every problem the platform answers (RFC 9457): slug -> status and title. Slugs are stable for ever. */
export const PROBLEMS = {
  malformed: { status: 400, title: 'The request could not be read' },
  'invalid-request': { status: 400, title: 'The request is not valid' },
  'idempotency-key-missing': { status: 400, title: 'An Idempotency-Key header is required' },
  unauthorized: { status: 401, title: 'A valid access token is required' },
  'invalid-credentials': { status: 401, title: 'E-mail or password is wrong' },
  'invalid-refresh-token': { status: 401, title: 'The refresh token is not valid' },
  forbidden: { status: 403, title: 'The role of the caller does not allow this' },
  'not-found': { status: 404, title: 'Nothing was found here' },
  'method-not-allowed': { status: 405, title: 'The resource does not support this method' },
  'not-acceptable': { status: 406, title: 'No representation fits the Accept header' },
  'request-timeout': { status: 408, title: 'The request did not arrive in time' },
  conflict: { status: 409, title: 'The request conflicts with the current state' },
  'email-taken': { status: 409, title: 'The e-mail address is taken' },
  'last-admin': { status: 409, title: 'The last administrator must stay one' },
  'sku-taken': { status: 409, title: 'The SKU is taken' },
  'category-exists': { status: 409, title: 'The category exists already' },
  'category-not-empty': { status: 409, title: 'The category has products or children' },
  'insufficient-stock': { status: 409, title: 'The stock would fall below what is reserved' },
  'out-of-stock': { status: 409, title: 'Too little stock' },
  'reservation-closed': { status: 409, title: 'The reservation is closed' },
  'wrong-state': { status: 409, title: 'The state of the order does not allow this' },
  'not-cancellable': { status: 409, title: 'The order can no longer be cancelled' },
  'payment-exists': { status: 409, title: 'The order has a payment already' },
  'order-not-payable': { status: 409, title: 'The order cannot be paid' },
  'not-refundable': { status: 409, title: 'Nothing was captured that could be refunded' },
  'idempotency-in-progress': { status: 409, title: 'A request with this Idempotency-Key is still running' },
  'precondition-failed': { status: 412, title: 'The resource has changed' },
  'too-large': { status: 413, title: 'The body is too large' },
  'uri-too-long': { status: 414, title: 'The request target is too long' },
  'unsupported-media': { status: 415, title: 'The media type is not supported' },
  misdirected: { status: 421, title: 'This server does not answer for that authority' },
  validation: { status: 422, title: 'The request breaks the schema' },
  'cart-empty': { status: 422, title: 'The cart is empty' },
  'invalid-reset-token': { status: 422, title: 'The reset token is not valid' },
  'refund-exceeds-payment': { status: 422, title: 'The refund exceeds what is left of the payment' },
  'idempotency-key-reused': { status: 422, title: 'The Idempotency-Key was used with another body' },
  'precondition-required': { status: 428, title: 'An If-Match header is required' },
  'rate-limited': { status: 429, title: 'Too many requests' },
  'header-too-large': { status: 431, title: 'The header fields are too large' },
  internal: { status: 500, title: 'Something went wrong on our side' },
  'bad-gateway': { status: 502, title: 'The service behind the gateway gave no valid answer' },
  unavailable: { status: 503, title: 'The service is not available at the moment' },
  'upstream-timeout': { status: 504, title: 'The service behind the gateway did not answer in time' },
} as const satisfies Record<string, { status: number; title: string }>;

export type ProblemSlug = keyof typeof PROBLEMS;

/** One broken field: a JSON pointer into the body, or `/name` of a query parameter. */
export interface FieldError {
  pointer: string;
  detail: string;
}
