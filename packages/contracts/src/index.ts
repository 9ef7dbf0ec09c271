export { type Address, addressInputSchema, addressSchema, countrySchema, phoneSchema } from './address.ts';
export {
  type CloudEvent,
  createEvent,
  EVENT_CONTENT_TYPE,
  isEventType,
  type NewEvent,
  type ParsedEvent,
  parseEvent,
  type SoukEvent,
} from './envelope.ts';
export {
  EVENT_VERSION,
  EVENTS,
  type EventContract,
  type EventData,
  type EventType,
  eventDataSchemas,
  orderItemSchema,
  paymentStatuses,
} from './events.ts';
export { type Money, moneySchema, PRICE_AMOUNT_MAX, sumMoney } from './money.ts';
export { type FieldError, PROBLEMS, type ProblemSlug } from './problems.ts';
export { Refusal, type RefusalOptions } from './refusal.ts';
export { idSchema, textSchema } from './text.ts';
export {
  EXCHANGE,
  hasConsumer,
  QUEUES,
  type QueueTopology,
  queueNameOf,
  RETRY_DELAYS_MS_DEFAULT,
  retryQueueName,
} from './topology.ts';
