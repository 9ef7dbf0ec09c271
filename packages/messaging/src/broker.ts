/** A message on its way to the broker. */
export interface OutgoingMessage {
  /** The event's id; becomes the AMQP `message-id`. Publishing an id again is allowed: consumers are idempotent. */
  id: string;
  /** The event type = routing key. */
  type: string;
  body: Buffer;
  correlationId?: string | undefined;
  traceparent?: string | undefined;
  headers?: Record<string, string | number> | undefined;
  /** With `mandatory` a message that no queue takes comes back as `returned`; without, it counts as confirmed. */
  mandatory: boolean;
}

/**
 * `confirmed`: the broker is responsible now. `returned`: no queue is bound for the type. `failed`: refused, timed out
 * or the connection was lost, so that nobody knows: publish again with the same id.
 */
export type PublishOutcome = 'confirmed' | 'returned' | 'failed';

export interface PublishOptions {
  /** How long to wait for all outcomes; what is open then is `failed`. Default 5,000. */
  timeoutMs?: number | undefined;
}

/** A message that was handed to a consumer and must be settled by exactly one of the four verbs; further calls do nothing. */
export interface Delivery {
  id: string | undefined;
  type: string | undefined;
  contentType: string | undefined;
  body: Buffer;
  headers: Record<string, unknown>;
  correlationId: string | undefined;
  /** From 1; counts only failures of the message itself (header `x-attempt`). */
  attempt: number;
  /** It was delivered before and came back unsettled or released: its effect may exist already. */
  redelivered: boolean;
  ack(): void;
  /** Gives the message back to the head of its queue; no attempt is counted. */
  release(): void;
  /**
   * Counts a failed attempt: the message waits for the next delay (± 20 %) or, after the last, becomes a dead letter.
   * On a dead-letter queue the message is given back after a pause.
   */
  retry(reason: string): Promise<void>;
  /** Moves the message to the dead-letter queue with `x-dead-letter-reason`, without further attempts. */
  deadLetter(reason: string): Promise<void>;
}

export interface ConsumeOptions {
  queue: string;
  /** At most so many unsettled deliveries at a time. */
  prefetch: number;
  /** At most so many deliveries in one call of `onBatch`. */
  batchMax: number;
  /** Settles every delivery. Batches of a consumption run one after the other. A throw releases what is unsettled, then a short pause follows. */
  onBatch: (batch: Delivery[]) => Promise<void>;
}

export interface Consumption {
  /** Stops taking messages and returns those not yet handed out. Does not wait for a running batch: may be called from `onBatch`. */
  pause(): Promise<void>;
  resume(): Promise<void>;
  /** Like `pause`, for good, and waits for the running batch: not to be awaited in `onBatch`. */
  stop(): Promise<void>;
}

/** The port towards the message broker. No method rejects because the broker is away. */
export interface Broker {
  /** Publishes to the exchange by type, in the given order; one outcome per message. Never rejects. */
  publish(messages: readonly OutgoingMessage[], options?: PublishOptions): Promise<PublishOutcome[]>;
  /** Puts messages into one queue, past the exchange; always mandatory. Never rejects. */
  sendToQueue(queue: string, messages: readonly OutgoingMessage[], options?: PublishOptions): Promise<PublishOutcome[]>;
  /** Starts to consume; while the broker is away the consumption waits for it. */
  consume(options: ConsumeOptions): Promise<Consumption>;
  /** True while a publish could succeed: connected, topology declared, not blocked by an alarm. */
  isReady(): boolean;
  /** Called each time the broker becomes ready (again). Returns how to stop listening. */
  onReady(listener: () => void): () => void;
  /** Ends all consumptions and connections within bounded time; unsettled deliveries return to their queues. */
  close(): Promise<void>;
}

export const ATTEMPT_HEADER = 'x-attempt';
export const DEAD_LETTER_REASON_HEADER = 'x-dead-letter-reason';
