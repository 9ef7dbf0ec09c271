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
  const { logger, name } = options;
  const closing = new AbortController();
  let link: BrokerLink | undefined;
  let up = false;
  let failuresInARow = 0;
  let requestRebuild: (reason: string) => Promise<void> = async () => {};

  function report(connected: boolean): void {
    if (connected !== up) options.onStateChange(connected);
    up = connected;
  }

  async function keepConnected(): Promise<void> {
    while (!closing.signal.aborted) {
      try {
        link = await openBrokerLink(options.url, options.connectionName, closing.signal);
        const reason = await serve(link);
        if (!closing.signal.aborted)
          logger.warn({ error: reason, connection: name }, 'Lost the connection to the broker');
      } catch (error) {
        if (!closing.signal.aborted) logger.warn({ error, connection: name }, 'Could not connect to the broker');
      } finally {
        report(false);
        options.tearDown();
        link?.destroy();
        link = undefined;
      }
      failuresInARow += 1;
      await backOff();
    }
  }

  /** Uses the link until it is lost; every rebuild is one turn. */
  async function serve(current: BrokerLink): Promise<unknown> {
    while (!closing.signal.aborted) {
      const rebuild = new Promise<undefined>((resolve) => {
        // One turn later, because a lost link closes its channels first: then it is the link that counts.
        requestRebuild = async (reason) => {
          await nextTurn();
          if (link !== current || closing.signal.aborted || current.isLost()) return;
          logger.warn({ connection: name, reason }, 'Setting up the broker again');
          resolve(undefined);
        };
      });
      await setUp(current);
      failuresInARow = 0;
      report(true);
      logger.info({ connection: name }, 'Connected to the broker');
      const lost = await Promise.race([current.lost, rebuild]);
      report(false);
      if (lost !== undefined) return lost;
      options.tearDown();
      failuresInARow += 1;
      await backOff();
    }
    return undefined;
  }

  async function setUp(current: BrokerLink): Promise<void> {
    const done = new AbortController();
    try {
      await Promise.race([
        options.setUp(current.model),
        current.lost.then((reason) => Promise.reject(reason)),
        sleep(SET_UP_TIMEOUT_MS, undefined, { signal: done.signal }).then(() =>
          Promise.reject(new BrokerSetUpTimeoutError(`setting up took more than ${SET_UP_TIMEOUT_MS} ms`)),
        ),
      ]);
    } finally {
      done.abort();
    }
  }

  async function backOff(): Promise<void> {
    const ceiling = Math.min(BACKOFF_MS_MAX, BACKOFF_MS_MIN * 2 ** Math.min(failuresInARow, 10));
    const waitMs = ceiling * (0.5 + options.random() / 2);
    await sleep(waitMs, undefined, { signal: closing.signal }).catch(() => {});
  }

  const ended = keepConnected();
  return {
    isUp: () => up,
    rebuild: (reason) => void requestRebuild(reason),
    async close() {
      closing.abort();
      await link?.close();
      await ended;
    },
  };
}

export class BrokerSetUpTimeoutError extends Error {
  override readonly name = 'BrokerSetUpTimeoutError';
}
