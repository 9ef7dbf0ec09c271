import type { Channel, ChannelModel, ConsumeMessage } from 'amqplib';
import { type BatchLoop, createBatchLoop } from '../batch-loop.ts';
import type { ConsumeOptions, Consumption, Delivery } from '../broker.ts';
import { within } from '../within.ts';
import { createRabbitMqDelivery, type SettleContext } from './rabbitmq-delivery.ts';

/** No call to a dead peer ends by itself. */
const CHANNEL_CALL_TIMEOUT_MS = 2_000;

export interface RabbitMqConsumptionOptions {
  consume: ConsumeOptions;
  settle: SettleContext;
  /** The channel is gone while its connection lives, or the queue was deleted: somebody has to declare and attach again. */
  onChannelLost: (reason: string) => void;
}

/** A consumption that is moved from channel to channel as they come and go. */
export interface RabbitMqConsumption extends Consumption {
  attach(model: ChannelModel): Promise<void>;
  detach(): void;
}

/** One channel's life; deliveries are bound to it, because acknowledging elsewhere is a protocol error. */
interface Generation {
  channel: Channel;
  open: boolean;
  consumerTag: string | undefined;
}

export function createRabbitMqConsumption(options: RabbitMqConsumptionOptions): RabbitMqConsumption {
  const consumer = new ChannelConsumer(options);
  return {
    attach: (model) => consumer.attach(model),
    detach: () => consumer.detach(),
    pause: () => consumer.pause(),
    resume: () => consumer.resume(),
    stop: () => consumer.stop(),
  };
}

class ChannelConsumer implements RabbitMqConsumption {
  readonly #options: RabbitMqConsumptionOptions;
  readonly #loop: BatchLoop;
  readonly #unsettled = new Set<Delivery>();
  #buffered: Delivery[] = [];
  #generation: Generation | undefined;
  #state: 'running' | 'paused' | 'stopped' = 'running';
  #channelCalls: Promise<unknown> = Promise.resolve();

  constructor(options: RabbitMqConsumptionOptions) {
    this.#options = options;
    const { queue, onBatch } = options.consume;
    const { logger, random } = options.settle;
    this.#loop = createBatchLoop({ queue, onBatch, take: () => this.#take(), logger, random });
  }

  attach(model: ChannelModel): Promise<void> {
    return this.#serially(() => (this.#state === 'stopped' ? Promise.resolve() : this.#open(model)));
  }

  detach(): void {
    if (this.#generation !== undefined) this.#forget(this.#generation);
  }

  async pause(): Promise<void> {
    if (this.#state !== 'running') return;
    this.#state = 'paused';
    this.#loop.halt();
    await this.#serially(() => this.#cancel());
  }

  async resume(): Promise<void> {
    if (this.#state !== 'paused') return;
    this.#state = 'running';
    this.#loop.resume();
    // A channel that is gone meanwhile is attached again by whoever watches it, and consumes then.
    await this.#serially(() => this.#startConsuming()).catch(() => {});
  }

  async stop(): Promise<void> {
    this.#state = 'stopped';
    this.#loop.halt();
    await within(
      this.#serially(() => this.#cancel()),
      CHANNEL_CALL_TIMEOUT_MS,
    );
    await this.#loop.idle();
    for (const delivery of [...this.#unsettled]) delivery.release();
    const current = this.#generation;
    if (current === undefined) return;
    this.#forget(current);
    await within(closeChannel(current.channel), CHANNEL_CALL_TIMEOUT_MS);
  }

  /** Calls on the channel run one after the other, so that a pause never overtakes the consume that it ends. */
  #serially(call: () => Promise<unknown>): Promise<void> {
    const done = this.#channelCalls.then(call, call);
    this.#channelCalls = done.catch(() => {});
    return done.then(() => {});
  }

  async #open(model: ChannelModel): Promise<void> {
    const { consume, settle } = this.#options;
    const { queue, prefetch } = consume;
    const channel = await model.createChannel();
    const fresh: Generation = { channel, open: true, consumerTag: undefined };
    channel.on('error', (error) => settle.logger.warn({ error, queue }, 'The broker closed a consuming channel'));
    channel.on('close', () => this.#lose(fresh, 'the consuming channel closed'));
    await channel.prefetch(prefetch);
    this.detach();
    this.#generation = fresh;
    await this.#startConsuming();
  }

  async #startConsuming(): Promise<void> {
    const current = this.#generation;
    if (this.#state !== 'running' || current === undefined || current.consumerTag !== undefined) return;
    const onMessage = (message: ConsumeMessage | null) => {
      // Null is the broker's way to say that the consumer is no more: its queue was deleted.
      if (message === null) this.#lose(current, 'the queue was deleted');
      else this.#receive(message, current);
    };
    const queue = this.#options.settle.topology.prefix + this.#options.consume.queue;
    current.consumerTag = (await current.channel.consume(queue, onMessage)).consumerTag;
  }

  #receive(message: ConsumeMessage, from: Generation): void {
    const { settle, consume } = this.#options;
    if (message.fields.redelivered) settle.metrics.redelivered(consume.queue);
    const onSettled = (settled: Delivery) => this.#unsettled.delete(settled);
    const delivery = createRabbitMqDelivery(
      message,
      { channel: from.channel, isOpen: () => from.open, onSettled },
      settle,
    );
    this.#unsettled.add(delivery);
    this.#buffered.push(delivery);
    this.#loop.wake();
  }

  #take(): Delivery[] {
    const { batchMax } = this.#options.consume;
    const batch = this.#buffered.slice(0, batchMax);
    this.#buffered = this.#buffered.slice(batchMax);
    return batch;
  }

  /** What was not handed out yet will come again from the broker; what a batch holds settles into nothing. */
  #forget(lost: Generation): boolean {
    lost.open = false;
    if (this.#generation !== lost) return false;
    this.#generation = undefined;
    for (const delivery of this.#buffered) this.#unsettled.delete(delivery);
    this.#buffered = [];
    return true;
  }

  #lose(lost: Generation, reason: string): void {
    if (!this.#forget(lost) || this.#state === 'stopped') return;
    void within(closeChannel(lost.channel), CHANNEL_CALL_TIMEOUT_MS);
    this.#options.onChannelLost(reason);
  }

  async #cancel(): Promise<void> {
    const current = this.#generation;
    if (current?.consumerTag === undefined) return;
    const { channel, consumerTag } = current;
    current.consumerTag = undefined;
    await within(cancelConsumer(channel, consumerTag), CHANNEL_CALL_TIMEOUT_MS);
    const returned = this.#buffered;
    this.#buffered = [];
    for (const delivery of returned) delivery.release();
  }
}

/** On a channel that just died amqplib throws instead of rejecting; either way nothing is consumed any more. */
async function cancelConsumer(channel: Channel, consumerTag: string): Promise<void> {
  await channel.cancel(consumerTag);
}

/** Closing a closed channel throws; here it is as good as closed. */
async function closeChannel(channel: Channel): Promise<void> {
  await channel.close();
}
