import type { OutgoingHttpHeaders, ServerResponse } from 'node:http';
import { Refusal } from '@souk/contracts';
import type { Dispatcher } from 'undici';
import { toClientHeaders } from '../request/edge-headers.ts';
import type { Permit } from './circuit-breaker.ts';
import type { CallKind, Upstream } from './upstream.ts';

/** From the complete request to the complete answer; services have 5 s, their statements 2 s. */
export const DEADLINE_MS = 10_000;
/** The one call that finds out whether a service is back has less: others wait for its result. */
const PROBE_DEADLINE_MS = 2_000;

/** A request that has passed every check. */
export interface RelayCall {
  method: Dispatcher.HttpMethod;
  /** Path and query, built from the raw target. */
  target: string;
  /** Names and values in turn. */
  headers: string[];
  body: Buffer | null;
  kind: CallKind;
  /** It may be made twice: a safe method, or a write with an Idempotency-Key. */
  repeatable: boolean;
  response: ServerResponse;
  /** Adds what the gateway itself says to the answer's header fields. */
  decorate(headers: OutgoingHttpHeaders): void;
  /** Answers with a problem; only before anything was written. */
  refuse(refusal: Refusal): void;
}

/** The service could not be asked; nothing of the request has reached it. */
const NOT_SENT: ReadonlySet<string> = new Set([
  'ECONNREFUSED',
  'EHOSTUNREACH',
  'ENETUNREACH',
  'ENOTFOUND',
  'EAI_AGAIN',
  'UND_ERR_CONNECT_TIMEOUT',
]);
/** The connection ended without an answer: perhaps the service closed it while it was idle, perhaps it died over the request. */
const RESET: ReadonlySet<string> = new Set(['ECONNRESET', 'EPIPE', 'UND_ERR_SOCKET']);

/** Passes a request to a service and its answer back, both as streams of bytes. */
export function relay(upstream: Upstream, call: RelayCall): void {
  const nowMs = performance.now();
  const permit = upstream.breaker.tryPass(nowMs);
  if (permit === undefined) {
    const retryAfterSeconds = Math.max(1, Math.ceil(upstream.breaker.retryInMs(nowMs) / 1_000));
    call.refuse(
      new Refusal('unavailable', 'The service does not answer at the moment; try again', { retryAfterSeconds }),
    );
    return;
  }
  if (!upstream.enter(call.kind)) {
    upstream.breaker.abandoned(permit);
    call.refuse(new Refusal('unavailable', 'The service is busy; try again', { retryAfterSeconds: 1 }));
    return;
  }
  upstream.retries.earn();
  new Relay(upstream, call, permit).start();
}

/** One handler for all tries of a call. A class, because undici calls its methods for every answer: no closures to build. */
class Relay implements Dispatcher.DispatchHandler {
  readonly #upstream: Upstream;
  readonly #call: RelayCall;
  readonly #permit: Permit;
  #controller: Dispatcher.DispatchController | undefined;
  #deadline: NodeJS.Timeout | undefined;
  #tries = 0;
  #expired = false;
  #left = false;
  #settled = false;
  #ended = false;
  /** Bytes of the answer still to come; -1 where its length is not known. */
  #bytesLeft = -1;

  constructor(upstream: Upstream, call: RelayCall, permit: Permit) {
    this.#upstream = upstream;
    this.#call = call;
    this.#permit = permit;
  }

  start(): void {
    this.#call.response.once('close', () => this.#onClientClosed());
    this.#deadline = setTimeout(() => this.#onDeadline(), this.#permit === 'probe' ? PROBE_DEADLINE_MS : DEADLINE_MS);
    this.#try();
  }

  #try(): void {
    const { method, target, headers, body, kind } = this.#call;
    this.#tries += 1;
    this.#controller = undefined;
    this.#upstream.pool(kind).dispatch({ path: target, method, headers, body }, this);
  }

  onRequestStart(controller: Dispatcher.DispatchController): void {
    this.#controller = controller;
    if (this.#left || this.#expired) controller.abort(new CallGivenUpError());
  }

  onResponseStart(
    _controller: Dispatcher.DispatchController,
    status: number,
    headers: Record<string, string | string[] | undefined>,
  ): void {
    if (status < 200) return;
    this.#upstream.breaker.succeeded(this.#permit, performance.now());
    const { response, method } = this.#call;
    if (response.destroyed) return;
    const answer: OutgoingHttpHeaders = toClientHeaders(headers);
    this.#call.decorate(answer);
    response.writeHead(status, answer);
    const length = headers['content-length'];
    if (typeof length === 'string' && method !== 'HEAD') this.#bytesLeft = Number(length);
    if (isEventStream(headers['content-type'])) {
      clearTimeout(this.#deadline);
      this.#upstream.streams.add(this.#endStream);
      response.flushHeaders();
    }
  }

  /** A clean end: the client asks again with Last-Event-ID, and reaches a gateway that stays. */
  readonly #endStream = (): void => {
    this.#left = true;
    this.#call.response.end();
    this.#controller?.abort(new CallGivenUpError());
  };

  onResponseData(controller: Dispatcher.DispatchController, chunk: Buffer): void {
    const { response } = this.#call;
    if (this.#bytesLeft > 0) {
      this.#bytesLeft -= chunk.length;
      if (this.#bytesLeft === 0) {
        // Head and body leave in one write.
        this.#ended = true;
        response.end(chunk);
        return;
      }
    }
    if (!response.write(chunk)) {
      controller.pause();
      response.once('drain', () => controller.resume());
    }
  }

  onResponseEnd(): void {
    if (!this.#ended) this.#call.response.end();
    this.#leave();
  }

  onResponseError(_controller: Dispatcher.DispatchController, error: Error & { code?: string }): void {
    const { response } = this.#call;
    // The client has its answer already: this is only the echo of a try that never began.
    if (this.#settled) return;
    if (this.#left) {
      if (!response.headersSent) this.#upstream.breaker.abandoned(this.#permit);
      this.#leave();
      return;
    }
    if (response.headersSent) {
      // The answer broke off: so must the client's, or it would take half of it for the whole.
      response.destroy();
      this.#leave();
      return;
    }
    if (!this.#expired && this.#mayTryAgain(error)) {
      this.#try();
      return;
    }
    this.#upstream.breaker.failed(this.#permit, performance.now());
    this.#leave();
    this.#call.refuse(this.#expired ? EXPIRED() : refusalFor(error));
  }

  #mayTryAgain(error: { code?: string }): boolean {
    if (this.#tries > 1 || this.#permit === 'probe') return false;
    const code = error.code ?? '';
    return (NOT_SENT.has(code) || (RESET.has(code) && this.#call.repeatable)) && this.#upstream.retries.spend();
  }

  #onDeadline(): void {
    this.#expired = true;
    if (this.#controller !== undefined) this.#controller.abort(new CallGivenUpError());
    else {
      // Still waiting for a connection: nothing to abort yet, but the client has waited enough.
      this.#upstream.breaker.failed(this.#permit, performance.now());
      this.#leave();
      this.#call.refuse(EXPIRED());
    }
  }

  #onClientClosed(): void {
    if (this.#settled || this.#call.response.writableFinished) return;
    this.#left = true;
    if (this.#controller !== undefined) this.#controller.abort(new CallGivenUpError());
    else {
      this.#upstream.breaker.abandoned(this.#permit);
      this.#leave();
    }
  }

  /** The call is over, once. */
  #leave(): void {
    clearTimeout(this.#deadline);
    if (this.#settled) return;
    this.#settled = true;
    this.#upstream.streams.delete(this.#endStream);
    this.#upstream.leave(this.#call.kind);
  }
}

/** Aborts a call towards a service; never reaches a client. */
class CallGivenUpError extends Error {
  override readonly name = 'CallGivenUpError';
}

const EXPIRED = () => new Refusal('upstream-timeout', `The service did not answer within ${DEADLINE_MS / 1_000} s`);

function refusalFor(error: Error & { code?: string }): Refusal {
  return NOT_SENT.has(error.code ?? '')
    ? new Refusal('unavailable', 'The service cannot be reached at the moment; try again', {
        cause: error,
        retryAfterSeconds: 1,
      })
    : new Refusal('bad-gateway', 'The service gave no complete answer', { cause: error });
}

function isEventStream(contentType: string | string[] | undefined): boolean {
  return typeof contentType === 'string' && contentType.startsWith('text/event-stream');
}
