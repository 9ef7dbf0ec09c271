import type { Duplex } from 'node:stream';
import { type ChannelModel, connect, type SocketOptions } from 'amqplib';
import { within } from '../within.ts';

/** From the TCP connect to the end of the AMQP handshake; a stalled broker would hold it for ever. */
const HANDSHAKE_TIMEOUT_MS = 5_000;
/** Two missed intervals of it and the connection is dropped: a dead peer is noticed within 20 to 30 s. */
const HEARTBEAT_S = 10;
/** amqplib's `close` never settles on a dead peer. */
const CLOSE_TIMEOUT_MS = 2_000;

/** One TCP connection to the broker, from its handshake to its end. */
export interface BrokerLink {
  model: ChannelModel;
  /** Resolves, never rejects, when the connection is gone, with the reason. */
  lost: Promise<Error>;
  isLost(): boolean;
  /** Says goodbye if the peer still listens, within 2 s. */
  close(): Promise<void>;
  /** Ends the socket at once. */
  destroy(): void;
}

export class BrokerLinkLostError extends Error {
  override readonly name = 'BrokerLinkLostError';
}

/** Connects and shakes hands within 5 s, or rejects; `signal` ends the try at once. */
export async function openBrokerLink(url: string, connectionName: string, signal: AbortSignal): Promise<BrokerLink> {
  const abort = new AbortController();
  const giveUp = () => abort.abort(signal.reason);
  signal.addEventListener('abort', giveUp, { once: true });
  // amqplib's own `timeout` is one of idleness: a broker that trickles bytes would pass it.
  const deadline = setTimeout(
    () => abort.abort(new BrokerLinkLostError('the handshake took too long')),
    HANDSHAKE_TIMEOUT_MS,
  );
  // `signal` reaches net.connect: aborting it destroys the socket, whatever state the library is in.
  const socketOptions: SocketOptions & { signal: AbortSignal } = {
    timeout: HANDSHAKE_TIMEOUT_MS,
    keepAlive: true,
    keepAliveDelay: 10_000,
    noDelay: true,
    signal: abort.signal,
    clientProperties: { connection_name: connectionName },
  };
  try {
    return linkOf(await connect(withHeartbeat(url), socketOptions), abort);
  } catch (error) {
    // The socket says only that somebody aborted it.
    throw abort.signal.aborted ? abort.signal.reason : error;
  } finally {
    clearTimeout(deadline);
    signal.removeEventListener('abort', giveUp);
  }
}

function linkOf(model: ChannelModel, abort: AbortController): BrokerLink {
  let lastError: Error | undefined;
  let isLost = false;
  const lost = new Promise<Error>((resolve) => {
    model.on('error', (error) => {
      lastError = error;
    });
    model.on('close', (error) => {
      isLost = true;
      resolve(error ?? lastError ?? new BrokerLinkLostError('the connection closed'));
    });
  });
  const destroy = () => {
    abort.abort(new BrokerLinkLostError('the connection was given up'));
    // For TLS, where net's `signal` does not arrive.
    (model.connection as { stream?: Duplex }).stream?.destroy();
  };
  return {
    model,
    lost,
    isLost: () => isLost,
    destroy,
    async close() {
      try {
        await within(model.close(), CLOSE_TIMEOUT_MS);
      } finally {
        destroy();
      }
    },
  };
}

function withHeartbeat(url: string): string {
  const parsed = new URL(url);
  if (!parsed.searchParams.has('heartbeat')) parsed.searchParams.set('heartbeat', String(HEARTBEAT_S));
  return parsed.href;
}
