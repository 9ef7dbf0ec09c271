import { setImmediate as nextTurn, setTimeout as sleep } from 'node:timers/promises';
import type { ChannelModel } from 'amqplib';
import type { BrokerLogger } from '../log.ts';
import { type BrokerLink, openBrokerLink } from './broker-link.ts';

/** Reconnecting must succeed within 5 s after the broker is back: the wait stays well below. */
const BACKOFF_MS_MIN = 100;
const BACKOFF_MS_MAX = 2_000;
/** Declaring the topology for the first time takes a second or two; a broker that stalls in it is left to the next link. */
const SET_UP_TIMEOUT_MS = 20_000;

export interface SupervisedConnectionOptions {
  url: string;
  name: 'publish' | 'consume';
  connectionName: string;
  logger: BrokerLogger;
  random: () => number;
  /** Declares and opens everything on a fresh or rebuilt connection; idempotent. The connection is up when it resolves. */
  setUp: (model: ChannelModel) => Promise<void>;
  /** Everything that `setUp` opened is gone or about to be. */
  tearDown: () => void;
  onStateChange: (connected: boolean) => void;
}

/** A connection that comes back for ever, until it is closed. */
export interface SupervisedConnection {
  isUp(): boolean;
  /** Tears down and sets up again on the same connection, because something on it was found gone. */
  rebuild(reason: string): void;
  close(): Promise<void>;
}

/**
 * Keeps one connection to the broker. amqplib's own recovery is not used: it stays dead when the link drops during its
 * `setup`, and waits for ever on a stalled handshake.
 */
export function superviseConnection(options: SupervisedConnectionOptions): SupervisedConnection {
  const supervisor = new Supervisor(options);
  const ended = supervisor.keepConnected();
  return {
    isUp: () => supervisor.isUp,
    rebuild: (reason) => void supervisor.rebuild(reason),
    async close() {
      await supervisor.closeLink();
      await ended;
    },
  };
}

class Supervisor {
  isUp = false;
  readonly #options: SupervisedConnectionOptions;
  readonly #closing = new AbortController();
  #link: BrokerLink | undefined;
  #failuresInARow = 0;
  #resolveRebuild: () => void = () => {};

  constructor(options: SupervisedConnectionOptions) {
    this.#options = options;
  }

  async keepConnected(): Promise<void> {
    const { logger, name, url, connectionName, tearDown } = this.#options;
    while (!this.#isClosing()) {
      try {
        this.#link = await openBrokerLink(url, connectionName, this.#closing.signal);
        const error = await this.#serve(this.#link);
        if (!this.#isClosing()) logger.warn({ error, connection: name }, 'Lost the connection to the broker');
      } catch (error) {
        if (!this.#isClosing()) logger.warn({ error, connection: name }, 'Could not connect to the broker');
      } finally {
        this.#report(false);
        tearDown();
        this.#link?.destroy();
        this.#link = undefined;
      }
      this.#failuresInARow += 1;
      await this.#backOff();
    }
  }

  /** One turn later, because a lost link closes its channels first: then it is the link that counts. */
  async rebuild(reason: string): Promise<void> {
    const link = this.#link;
    await nextTurn();
    if (link === undefined || link !== this.#link || link.isLost() || this.#isClosing()) return;
    this.#options.logger.warn({ connection: this.#options.name, reason }, 'Setting up the broker again');
    this.#resolveRebuild();
  }

  async closeLink(): Promise<void> {
    this.#closing.abort();
    await this.#link?.close();
  }

  /** Uses the link until it is lost; every rebuild is one turn. */
  async #serve(link: BrokerLink): Promise<unknown> {
    const { logger, name, tearDown } = this.#options;
    while (!this.#isClosing()) {
      const rebuild = new Promise<undefined>((resolve) => {
        this.#resolveRebuild = () => resolve(undefined);
      });
      await this.#setUp(link);
      this.#failuresInARow = 0;
      this.#report(true);
      logger.info({ connection: name }, 'Connected to the broker');
      const lost = await Promise.race([link.lost, rebuild]);
      this.#report(false);
      if (lost !== undefined) return lost;
      tearDown();
      this.#failuresInARow += 1;
      await this.#backOff();
    }
    return undefined;
  }

  async #setUp(link: BrokerLink): Promise<void> {
    const done = new AbortController();
    try {
      await Promise.race([
        this.#options.setUp(link.model),
        link.lost.then((reason) => Promise.reject(reason)),
        sleep(SET_UP_TIMEOUT_MS, undefined, { signal: done.signal }).then(() =>
          Promise.reject(new BrokerSetUpTimeoutError(`setting up took more than ${SET_UP_TIMEOUT_MS} ms`)),
        ),
      ]);
    } finally {
      done.abort();
    }
  }

  async #backOff(): Promise<void> {
    const ceiling = Math.min(BACKOFF_MS_MAX, BACKOFF_MS_MIN * 2 ** Math.min(this.#failuresInARow, 10));
    const waitMs = ceiling * (0.5 + this.#options.random() / 2);
    await sleep(waitMs, undefined, { signal: this.#closing.signal }).catch(() => {});
  }

  #report(connected: boolean): void {
    if (connected !== this.isUp) this.#options.onStateChange(connected);
    this.isUp = connected;
  }

  #isClosing(): boolean {
    return this.#closing.signal.aborted;
  }
}

export class BrokerSetUpTimeoutError extends Error {
  override readonly name = 'BrokerSetUpTimeoutError';
}
