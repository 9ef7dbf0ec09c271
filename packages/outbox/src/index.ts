export { createDeadLetterConsumer, type DeadLetterConsumerOptions } from './dead-letter-consumer.ts';
export { type DeadLetterRoutesOptions, deadLetterRoutes } from './dead-letter-routes.ts';
export {
  type DeadLetter,
  type DeadLetterMessage,
  deleteDeadLetter,
  findDeadLetter,
  listDeadLetters,
  redriveAllDeadLetters,
  redriveDeadLetter,
} from './dead-letters.ts';
export { eraseFromDeadLetters } from './erase-dead-letters.ts';
export { forErasedUsers } from './erased-users.ts';
export { createEventConsumer, type EventConsumerOptions, type EventHandlers } from './event-consumer.ts';
export { inChunks, ROWS_PER_STATEMENT } from './in-chunks.ts';
export { EventTooLargeError, insertOutbox, type OutboxRow, republishLast, toOutboxRow } from './outbox.ts';
export { createRelay, type Relay, type RelayOptions } from './relay.ts';
export { createRetentionSweep, type RetentionSweepOptions } from './retention-sweep.ts';
export { UnprocessableEventError } from './unprocessable-event-error.ts';
