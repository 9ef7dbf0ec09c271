import type { Channel, ChannelModel, ConsumeMessage } from 'amqplib';
import { createBatchLoop } from '../batch-loop.ts';
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
  const { queue, prefetch, batchMax } = options.consume;
  const { logger, metrics, random } = options.settle;
  const physicalQueue = options.settle.topology.prefix + queue;
  const loop = createBatchLoop({ queue, onBatch: options.consume.onBatch, take, logger, random });
  const unsettled = new Set<Delivery>();
  let buffered: Delivery[] = [];
  let generation: Generation | undefined;
  let state: 'running' | 'paused' | 'stopped' = 'running';
  let channelCalls: Promise<unknown> = Promise.resolve();

  function take(): Delivery[] {
    const batch = buffered.slice(0, batchMax);
    buffered = buffered.slice(batchMax);
    return batch;
  }

  /** Calls on the channel run one after the other, so that a pause never overtakes the consume that it ends. */
  function serially(call: () => Promise<unknown>): Promise<void> {
    const done = channelCalls.then(call, call);
    channelCalls = done.catch(() => {});
    return done.then(() => {});
  }

  async function open(model: ChannelModel): Promise<void> {
    const channel = await model.createChannel();
    const fresh: Generation = { channel, open: true, consumerTag: undefined };
    channel.on('error', (error) => logger.warn({ error, queue }, 'The broker closed a consuming channel'));
    channel.on('close', () => lose(fresh, 'the consuming channel closed'));
    await channel.prefetch(prefetch);
    generation = fresh;
    await startConsuming();
  }

  async function startConsuming(): Promise<void> {
    const current = generation;
    if (state !== 'running' || current === undefined || current.consumerTag !== undefined) return;
    const onMessage = (message: ConsumeMessage | null) => {
      // Null is the broker's way to say that the consumer is no more: its queue was deleted.
      if (message === null) lose(current, 'the queue was deleted');
      else receive(message, current);
    };
    current.consumerTag = (await current.channel.consume(physicalQueue, onMessage)).consumerTag;
  }

  function receive(message: ConsumeMessage, from: Generation): void {
    if (message.fields.redelivered) metrics.redelivered(queue);
    const delivery = createRabbitMqDelivery(
      message,
      { channel: from.channel, isOpen: () => from.open, onSettled: (settled) => unsettled.delete(settled) },
      options.settle,
    );
    unsettled.add(delivery);
    buffered.push(delivery);
    loop.wake();
  }

  /** What was not handed out yet will come again from the broker; what a batch holds settles into nothing. */
  function forget(lost: Generation): boolean {
    lost.open = false;
    if (generation !== lost) return false;
    generation = undefined;
    for (const delivery of buffered) unsettled.delete(delivery);
    buffered = [];
    return true;
  }

  function lose(lost: Generation, reason: string): void {
    if (!forget(lost) || state === 'stopped') return;
    void within(closeChannel(lost.channel), CHANNEL_CALL_TIMEOUT_MS);
    options.onChannelLost(reason);
  }

  async function cancel(): Promise<void> {
    const current = generation;
    if (current?.consumerTag === undefined) return;
    const { channel, consumerTag } = current;
    current.consumerTag = undefined;
    await within(channel.cancel(consumerTag), CHANNEL_CALL_TIMEOUT_MS);
    const returned = buffered;
    buffered = [];
    for (const delivery of returned) delivery.release();
  }

  return {
    attach: (model) => serially(() => (state === 'stopped' ? Promise.resolve() : open(model))),
    detach() {
      if (generation !== undefined) forget(generation);
    },
    async pause() {
      if (state !== 'running') return;
      state = 'paused';
      loop.halt();
      await serially(cancel);
    },
    async resume() {
      if (state !== 'paused') return;
      state = 'running';
      loop.resume();
      // A channel that is gone meanwhile is attached again by whoever watches it, and consumes then.
      await serially(startConsuming).catch(() => {});
    },
    async stop() {
      state = 'stopped';
      loop.halt();
      await within(serially(cancel), CHANNEL_CALL_TIMEOUT_MS);
      await loop.idle();
      for (const delivery of [...unsettled]) delivery.release();
      const current = generation;
      if (current === undefined) return;
      forget(current);
      await within(closeChannel(current.channel), CHANNEL_CALL_TIMEOUT_MS);
    },
  };
}

/** Closing a closed channel throws; here it is as good as closed. */
async function closeChannel(channel: Channel): Promise<void> {
  await channel.close();
}
