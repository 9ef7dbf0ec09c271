import type { ProblemSlug } from '@souk/contracts';

/** What a problem means for whoever gets it, and what to do. */
export const PROBLEM_EXPLANATIONS: Record<ProblemSlug, string> = {
  malformed:
    'The request could not be read: its body is not JSON, or its target hides another path. Send it correctly formed.',
  'invalid-request': 'A header field or the Host is not as it must be. The detail says which one was expected.',
  'idempotency-key-missing':
    'This write must not happen twice. Send a fresh Idempotency-Key of 1 to 255 visible characters, and the same one when you try again.',
  unauthorized:
    'No valid access token came with the request, or its session has ended. Log in or refresh the tokens, then send Authorization: Bearer with the access token.',
  'invalid-credentials':
    'E-mail and password do not belong together, or the account is disabled. Which of these it is stays unsaid.',
  'invalid-refresh-token': 'The refresh token is unknown, expired or was used before. Log in again.',
  forbidden: 'You are signed in, but your role is too low for this. An administrator has it.',
  'not-found': 'There is nothing at this path, or nothing of yours.',
  'method-not-allowed': 'The path exists, the method does not. The Allow header names the ones that do.',
  'not-acceptable': 'The answer does not come in a media type that the Accept header allows.',
  'request-timeout': 'The request took too long to arrive: header fields have 10 seconds, the whole request 15.',
  conflict: 'The state of the resource does not allow this. The detail says what stands in the way.',
  'email-taken': 'There is an account with this e-mail address already. Log in, or reset its password.',
  'last-admin': 'This would leave the shop without an administrator, or take your own role.',
  'sku-taken': 'A product, perhaps a deleted one, has this SKU already.',
  'category-exists': 'There is a category with this slug already.',
  'category-not-empty': 'The category still has products or children. Move them first.',
  'insufficient-stock': 'The stock on hand would fall below what is reserved.',
  'out-of-stock': 'There is too little of at least one product. The errors name each line; nothing was reserved.',
  'reservation-closed': 'The reservation was ended already, so it cannot be made again under this order id.',
  'wrong-state': 'The order is in a state that does not allow this step.',
  'not-cancellable': 'The order has been shipped or delivered already.',
  'payment-exists': 'The order has a payment method already; it is charged once.',
  'order-not-payable': 'The order was cancelled, so that nothing can be paid.',
  'not-refundable': 'Nothing was captured by this payment, so nothing can be given back.',
  'idempotency-in-progress':
    'A request with the same Idempotency-Key is still running. Try again after the seconds in Retry-After.',
  'precondition-failed':
    'The resource has changed since you read it. Read it again and repeat the change with its new ETag.',
  'too-large': 'The body is larger than 102,400 bytes.',
  'uri-too-long': 'The request target is longer than 8,192 characters.',
  'unsupported-media': 'The body must be application/json without a content encoding.',
  misdirected: 'The request target names another authority than the Host header. This server is no proxy for others.',
  validation:
    'The request was read but breaks its schema. Each error points at a field of the body or at a query parameter.',
  'cart-empty': 'There is nothing in the cart that could be ordered.',
  'invalid-reset-token': 'The token is unknown, expired or was used before. Ask for a new mail.',
  'refund-exceeds-payment': 'The refund is larger than what is left of the payment.',
  'idempotency-key-reused':
    'The same Idempotency-Key came with another body before. Use a fresh key for a new request.',
  'precondition-required':
    'Send If-Match with the ETag that you last read, so that no change of somebody else is lost.',
  'rate-limited': 'Too many requests within a minute. Try again after the seconds in Retry-After.',
  'header-too-large': 'The header fields are larger than 16 KB, or more than 100.',
  internal: 'A fault of ours. It was logged under the trace id; try again later.',
  'bad-gateway':
    'The service behind the gateway gave no complete answer. A read can be repeated; a write with its Idempotency-Key too.',
  unavailable: 'The service is busy, starting, or cannot be reached. Try again after the seconds in Retry-After.',
  'upstream-timeout':
    'The service behind the gateway did not answer within 10 seconds. Whether a write took place is not known: repeat it with its Idempotency-Key.',
};
