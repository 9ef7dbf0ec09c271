import assert from 'node:assert';
import { setImmediate as nextTurn, setTimeout as sleep } from 'node:timers/promises';
import type { ChannelModel } from 'amqplib';
import type { ConsumeOptions, Consumption } from '../broker.ts';
import { within } from '../within.ts';
import { type ConnectionContext, supervise } from './connection-context.ts';
import type { Publisher } from './publisher.ts';
import { createRabbitMqConsumption, type RabbitMqConsumption } from './rabbitmq-consumption.ts';
import type { SupervisedConnection } from './supervised-connection.ts';
import { declareTopology } from './topology.ts';

/** A close waits so long for running batches, then gives up on them. */
const CLOSE_CONSUMPTIONS_TIMEOUT_MS = 5_000;
const REATTACH_PAUSE_MS_MIN = 100;
const REATTACH_PAUSE_MS_MAX = 2_000;

export interface ConsumeSide {
  consume(options: ConsumeOptions): Promise<Consumption>;
  stopConsumptions(): Promise<void>;
  close(): Promise<void>;
}

/** The connection that consumes, opened with the first consumption; `send` publishes what is retried or given up. */
export function createConsumeSide(context: ConnectionContext, send: Publisher['send']): ConsumeSide {
  const { topology, logger, random } = context;
  const consumptions = new Set<RabbitMqConsumption>();
  const reattaching = new Set<RabbitMqConsumption>();
  let connection: SupervisedConnection | undefined;
  let model: ChannelModel | undefined;
  let closed = false;

  async function setUp(current: ChannelModel): Promise<void> {
    await declareTopology(current, topology, logger);
    model = current;
    await Promise.all([...consumptions].map((consumption) => attach(consumption, current)));
  }

  function tearDown(): void {
    model = undefined;
    for (const consumption of consumptions) consumption.detach();
  }

  /** One consumption that cannot start must not stop the others. */
  async function attach(consumption: RabbitMqConsumption, current: ChannelModel): Promise<void> {
    try {
      await consumption.attach(current);
    } catch (error) {
      logger.warn({ error }, 'A consumer could not start');
      void reattach(consumption);
    }
  }

  /** The channel or the queue is gone while the connection lives: declare everything and try again, until it is lost too. */
  async function reattach(consumption: RabbitMqConsumption): Promise<void> {
    const current = model;
    if (current === undefined || reattaching.has(consumption)) return;
    reattaching.add(consumption);
    for (let tries = 0; model === current && consumptions.has(consumption); tries += 1) {
      const ceiling = Math.min(REATTACH_PAUSE_MS_MAX, REATTACH_PAUSE_MS_MIN * 2 ** Math.min(tries, 10));
      await sleep(ceiling * (0.5 + random() / 2));
      if (model !== current || !consumptions.has(consumption)) break;
      try {
        await declareTopology(current, topology, logger);
        await consumption.attach(current);
        break;
      } catch (error) {
        logger.warn({ error }, 'A consumer could not start again');
      }
    }
    reattaching.delete(consumption);
  }

  async function consume(options: ConsumeOptions): Promise<Consumption> {
    assert(!closed, 'the broker is closed');
    const consumption = createRabbitMqConsumption({
      consume: options,
      settle: { ...context, queue: options.queue, send },
      async onChannelLost(reason) {
        // One turn later, because a lost connection closes its channels first, and brings them all back itself.
        await nextTurn();
        if (model === undefined || !consumptions.has(consumption)) return;
        logger.warn({ queue: options.queue, reason }, 'Lost a consumer; starting it again');
        await reattach(consumption);
      },
    });
    consumptions.add(consumption);
    connection ??= supervise(context, { name: 'consume', setUp, tearDown });
    if (model !== undefined) await attach(consumption, model);
    return {
      pause: consumption.pause,
      resume: consumption.resume,
      async stop() {
        consumptions.delete(consumption);
        await consumption.stop();
      },
    };
  }

  return {
    consume,
    async stopConsumptions() {
      closed = true;
      const stopped = [...consumptions].map((consumption) => consumption.stop());
      consumptions.clear();
      await within(Promise.all(stopped), CLOSE_CONSUMPTIONS_TIMEOUT_MS);
    },
    async close() {
      await connection?.close();
    },
  };
}
