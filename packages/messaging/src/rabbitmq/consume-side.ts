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
  const attacher = new Attacher(context);
  let connection: SupervisedConnection | undefined;
  let closed = false;
  return {
    async consume(options) {
      assert(!closed, 'the broker is closed');
      const consumption = createRabbitMqConsumption({
        consume: options,
        settle: { ...context, queue: options.queue, send },
        onChannelLost: (reason) => void attacher.attachAgain(consumption, { queue: options.queue, reason }),
      });
      attacher.add(consumption);
      connection ??= supervise(context, { name: 'consume', setUp: attacher.setUp, tearDown: attacher.tearDown });
      await attacher.attachNow(consumption);
      return {
        pause: consumption.pause,
        resume: consumption.resume,
        async stop() {
          attacher.remove(consumption);
          await consumption.stop();
        },
      };
    },
    async stopConsumptions() {
      closed = true;
      const stopped = attacher.removeAll().map((consumption) => consumption.stop());
      await within(Promise.all(stopped), CLOSE_CONSUMPTIONS_TIMEOUT_MS);
    },
    async close() {
      await connection?.close();
    },
  };
}

/** Keeps every consumption on a channel of the connection that is there now. */
class Attacher {
  readonly #context: ConnectionContext;
  readonly #consumptions = new Set<RabbitMqConsumption>();
  readonly #reattaching = new Set<RabbitMqConsumption>();
  #model: ChannelModel | undefined;

  constructor(context: ConnectionContext) {
    this.#context = context;
  }

  readonly setUp = async (model: ChannelModel): Promise<void> => {
    await declareTopology(model, this.#context.topology, this.#context.logger);
    this.#model = model;
    await Promise.all([...this.#consumptions].map((consumption) => this.attachNow(consumption)));
  };

  readonly tearDown = (): void => {
    this.#model = undefined;
    for (const consumption of this.#consumptions) consumption.detach();
  };

  add(consumption: RabbitMqConsumption): void {
    this.#consumptions.add(consumption);
  }

  remove(consumption: RabbitMqConsumption): void {
    this.#consumptions.delete(consumption);
  }

  removeAll(): RabbitMqConsumption[] {
    const all = [...this.#consumptions];
    this.#consumptions.clear();
    return all;
  }

  /** Without a connection it is attached when one is there. One consumption that cannot start must not stop the others. */
  async attachNow(consumption: RabbitMqConsumption): Promise<void> {
    if (this.#model === undefined) return;
    try {
      await consumption.attach(this.#model);
    } catch (error) {
      this.#context.logger.warn({ error }, 'A consumer could not start');
      void this.#reattach(consumption);
    }
  }

  /** One turn later, because a lost connection closes its channels first, and brings them all back itself. */
  async attachAgain(consumption: RabbitMqConsumption, lost: { queue: string; reason: string }): Promise<void> {
    await nextTurn();
    if (this.#model === undefined || !this.#consumptions.has(consumption)) return;
    this.#context.logger.warn(lost, 'Lost a consumer; starting it again');
    await this.#reattach(consumption);
  }

  /** The channel or the queue is gone while the connection lives: declare everything and try again, until it is lost too. */
  async #reattach(consumption: RabbitMqConsumption): Promise<void> {
    const { topology, logger, random } = this.#context;
    const model = this.#model;
    if (model === undefined || this.#reattaching.has(consumption)) return;
    const isWanted = () => this.#model === model && this.#consumptions.has(consumption);
    this.#reattaching.add(consumption);
    for (let tries = 0; isWanted(); tries += 1) {
      const ceiling = Math.min(REATTACH_PAUSE_MS_MAX, REATTACH_PAUSE_MS_MIN * 2 ** Math.min(tries, 10));
      await sleep(ceiling * (0.5 + random() / 2));
      if (!isWanted()) break;
      try {
        await declareTopology(model, topology, logger);
        await consumption.attach(model);
        break;
      } catch (error) {
        logger.warn({ error }, 'A consumer could not start again');
      }
    }
    this.#reattaching.delete(consumption);
  }
}
