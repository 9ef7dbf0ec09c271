import { createEvent } from '@souk/contracts';
import { insertOutbox } from '@souk/outbox';
import {
  type Clock,
  type Counter,
  childTraceparent,
  createLeasedWorker,
  type FinishedTask,
  type LeasedWorker,
  type Logger,
  type Metrics,
  type Pool,
  transaction,
} from '@souk/service-runtime';
import type { MailSender, SmsSender } from '../senders/sender-port.ts';
import type { Channel } from './delivery.ts';
import {
  endDeliveries,
  type LeasedDelivery,
  leaseDeliveries,
  postponeDeliveries,
  renewDeliveries,
} from './delivery-repository.ts';
import { type HandOver, handOver, retryDelayMs } from './hand-over.ts';
import { createOutage, type Outage } from './outage.ts';
import type { OpenToken } from './render-delivery.ts';

export interface SenderOptions {
  pool: Pool;
  mailSender: MailSender;
  smsSender: SmsSender;
  openToken: OpenToken;
  config: { publicUrl: string; leaseMs: number; pollIntervalMs: number };
  clock: Clock;
  newId: () => string;
  random: () => number;
  logger: Logger;
  metrics: Metrics;
  /** Called after the commit of results: there are events to publish. */
  onSettled: () => void;
}

/** On each channel. A few: mails wait behind the orders they tell of, not beside them. */
const MESSAGES_IN_FLIGHT_MAX = 32;
/** Nobody misses a mail for so long, and under load a lease finds twenty instead of one. */
const GATHER_MS = 50;

type FinishedDelivery = FinishedTask<LeasedDelivery, HandOver>;

interface SenderContext extends SenderOptions {
  channel: Channel;
  leaseId: string;
  outage: Outage;
  messages: Counter;
}

/**
 * Policy: when a delivery is due then hand it over, outside of any transaction, and say so. Each channel has a worker of its
 * own: an SMS provider that is away, or takes ten seconds to say so, holds up no mail.
 */
export function createSender(options: SenderOptions): LeasedWorker {
  const messages = options.metrics.counter('souk_notifications_total', 'Messages by how handing them over went', [
    'channel',
    'template',
    'outcome',
  ]);
  const workers = (['email', 'sms'] as const).map((channel) =>
    createChannelSender({
      ...options,
      channel,
      leaseId: options.newId(),
      outage: createOutage(options.clock),
      messages,
    }),
  );
  let gathering: NodeJS.Timeout | undefined;
  return {
    name: 'sender',
    async start() {
      await Promise.all(workers.map((worker) => worker.start()));
    },
    async stop() {
      clearTimeout(gathering);
      await Promise.all(workers.map((worker) => worker.stop()));
    },
    wake() {
      if (gathering !== undefined) return;
      gathering = setTimeout(() => {
        gathering = undefined;
        for (const worker of workers) worker.wake();
      }, GATHER_MS).unref();
    },
  };
}

function createChannelSender(context: SenderContext): LeasedWorker {
  const { channel, config, leaseId, metrics, outage, pool } = context;
  const { leaseMs } = config;
  return createLeasedWorker<LeasedDelivery, HandOver>({
    name: `sender-${channel}`,
    leaseId,
    leaseMs,
    pollIntervalMs: config.pollIntervalMs,
    concurrencyMax: MESSAGES_IN_FLIGHT_MAX,
    lease: async (limit) =>
      outage.isOver() ? leaseDeliveries(pool, { channel, leaseId, leaseMs, limit: outage.allowed(limit) }) : [],
    run: (delivery, signal) => handOver(context, delivery, signal),
    settle: (finished) => settle(context, finished),
    renew: (ids) => renewDeliveries(pool, { leaseId, leaseMs, ids }),
    logger: context.logger,
    metrics,
  });
}

async function settle(context: SenderContext, finished: readonly FinishedDelivery[]): Promise<void> {
  const postponed: { id: string; delayMs: number; error: string }[] = [];
  const ended: FinishedDelivery[] = [];
  for (const each of finished) {
    const { task, result } = each;
    context.messages.inc({ channel: task.channel, template: task.template, outcome: result.kind });
    noteOutage(context, result);
    if (result.kind === 'sent' || result.kind === 'failed' || result.kind === 'discarded') ended.push(each);
    else postponed.push({ id: task.id, delayMs: delayOf(context, each), error: result.reason });
  }
  if (ended.length > 0) await end(context, ended);
  await postponeDeliveries(context.pool, context.leaseId, postponed);
}

function noteOutage({ channel, outage, logger }: SenderContext, result: HandOver): void {
  if (result.kind === 'sent') {
    if (outage.end()) logger.info({ channel }, 'Messages are taken again');
  } else if (result.kind === 'unavailable' && outage.begin()) {
    logger.warn({ channel, reason: result.reason }, 'Messages are not taken and wait');
  }
}

/** An outage is no fault of the message: it waits for its end, not for a delay of its own that grows. */
function delayOf({ outage, random }: SenderContext, { task, result }: FinishedDelivery): number {
  return result.kind === 'unavailable' ? outage.leftMs() : retryDelayMs(task.attempts, random());
}

async function end(context: SenderContext, finished: readonly FinishedDelivery[]): Promise<void> {
  const now = context.clock.now();
  const ended = finished.map(({ task, result }) => ({
    id: task.id,
    status: result.kind as 'sent' | 'failed' | 'discarded',
    error: result.kind === 'sent' ? null : result.reason,
  }));
  await transaction(context.pool, async (tx) => {
    const held = await endDeliveries(tx, context.leaseId, { ended, now });
    const sent = finished.filter(({ task, result }) => result.kind === 'sent' && held.has(task.id));
    await insertOutbox(
      tx,
      sent.flatMap(({ task }) => toSentEvent(context, task, now)),
    );
  });
  context.onSettled();
}

/** For the order's timeline; of what concerns no order nobody wants to hear. */
function toSentEvent({ newId }: SenderContext, delivery: LeasedDelivery, now: Date) {
  const { orderId, channel, template, traceparent } = delivery;
  if (orderId === null) return [];
  return [
    createEvent({
      id: newId(),
      type: 'notification.sent',
      subject: orderId,
      time: now,
      traceparent: traceparent === null ? undefined : childTraceparent(traceparent),
      data: { orderId, channel, template },
    }),
  ];
}
