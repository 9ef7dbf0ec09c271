import type { IncomingMessage } from 'node:http';
import { Agent, request as httpsRequest, type RequestOptions } from 'node:https';
import type { Manifest } from '@souk/cdk8s';
import type { LiveObject } from '../plan/observed.ts';
import { createAccess, type InCluster } from './access.ts';
import { pathOf, type Resource, resourceOf } from './resources.ts';

const REQUEST_TIMEOUT_MS = 15_000;

/** The API server answered with something else than 2xx. */
export class KubernetesError extends Error {
  override readonly name = 'KubernetesError';
  readonly status: number;
  readonly reason: string;
  constructor(status: number, reason: string, message: string) {
    super(message);
    this.status = status;
    this.reason = reason;
  }
}

export function isStatus(error: unknown, ...statuses: number[]): boolean {
  return error instanceof KubernetesError && statuses.includes(error.status);
}

export interface Call {
  method: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';
  path: string;
  query?: Readonly<Record<string, string | undefined>>;
  body?: unknown;
  contentType?: string;
  signal?: AbortSignal;
  /** 0 waits for ever: a watch. */
  timeoutMs?: number;
}

export interface ListAnswer {
  metadata: { resourceVersion: string; continue?: string };
  items: LiveObject[];
}

/** The few calls that an operator makes, over one pool of kept connections. */
export interface KubernetesClient {
  /** One call; the answer's body as text. */
  call(call: Call): Promise<string>;
  /** One call whose body is read as it comes. */
  open(call: Call): Promise<IncomingMessage>;
  get(resource: Resource, at: { namespace: string; name: string; sub?: string }): Promise<LiveObject>;
  list(resource: Resource, at: { namespace?: string | undefined; query?: Call['query'] }): Promise<ListAnswer>;
  create(manifest: Manifest): Promise<LiveObject>;
  /** Server-side apply, forced. */
  apply(manifest: Manifest, fieldManager: string): Promise<LiveObject>;
  replaceStatus(object: LiveObject): Promise<LiveObject>;
  mergePatch(
    manifest: { apiVersion: string; kind: string; metadata: Manifest['metadata'] },
    patch: unknown,
  ): Promise<LiveObject>;
  delete(resource: Resource, at: { namespace: string; name: string; uid?: string | undefined }): Promise<void>;
  close(): void;
}

/** In a cluster by the pod's own account, elsewhere by KUBECONFIG. */
export function createKubernetesClient(
  options: { inCluster?: InCluster | undefined; onCall?: (call: Call, status: number) => void } = {},
): KubernetesClient {
  const connect = createConnector(options.inCluster);
  const open = async (call: Call): Promise<IncomingMessage> => {
    const response = await connect.send(call);
    const { statusCode = 0 } = response;
    options.onCall?.(call, statusCode);
    if (statusCode >= 200 && statusCode < 300) return response;
    throw toError(statusCode, await textOf(response));
  };
  const call = async (of: Call) => textOf(await open(of));
  const json = async (of: Call) => JSON.parse(await call(of)) as LiveObject;
  const at = ({ metadata, ...kind }: Manifest, sub?: string) => {
    const { name, namespace } = metadata;
    return pathOf(resourceOf(kind as Manifest), { namespace, name, ...(sub === undefined ? {} : { sub }) });
  };
  return {
    call,
    open,
    get: (resource, place) => json({ method: 'GET', path: pathOf(resource, place) }),
    list: async (resource, { namespace, query }) =>
      JSON.parse(
        await call({ method: 'GET', path: pathOf(resource, { namespace }), ...(query ? { query } : {}) }),
      ) as ListAnswer,
    create: (manifest) =>
      json({
        method: 'POST',
        path: pathOf(resourceOf(manifest), { namespace: manifest.metadata.namespace }),
        body: manifest,
      }),
    apply: (manifest, fieldManager) =>
      json({
        method: 'PATCH',
        path: at(manifest),
        query: { fieldManager, force: 'true' },
        contentType: 'application/apply-patch+yaml',
        body: manifest,
      }),
    replaceStatus: (object) => json({ method: 'PUT', path: at(object as Manifest, 'status'), body: object }),
    mergePatch: (manifest, patch) =>
      json({
        method: 'PATCH',
        path: at(manifest as Manifest),
        contentType: 'application/merge-patch+json',
        body: patch,
      }),
    async delete(resource, { uid, ...place }) {
      const preconditions = uid === undefined ? {} : { preconditions: { uid } };
      const body = { kind: 'DeleteOptions', apiVersion: 'v1', propagationPolicy: 'Background', ...preconditions };
      await call({ method: 'DELETE', path: pathOf(resource, place), body });
    },
    close: connect.close,
  };
}

function createConnector(inCluster: InCluster | undefined) {
  const access = createAccess(inCluster);
  let agent: Agent | undefined;
  const send = async (call: Call): Promise<IncomingMessage> => {
    const { options, server } = await access();
    agent ??= new Agent({ keepAlive: true, maxSockets: 100, maxFreeSockets: 4, timeout: 0 });
    const url = new URL(call.path, server);
    for (const [name, value] of Object.entries(call.query ?? {})) if (value) url.searchParams.set(name, value);
    const body = call.body === undefined ? undefined : JSON.stringify(call.body);
    const headers = {
      ...options.headers,
      accept: 'application/json',
      'user-agent': 'shop-operator',
      ...(body === undefined
        ? {}
        : { 'content-type': call.contentType ?? 'application/json', 'content-length': Buffer.byteLength(body) }),
    };
    return await exchange({ url, body, call, options: { ...options, agent, headers } });
  };
  return { send, close: () => agent?.destroy() };
}

interface Exchange {
  url: URL;
  body: string | undefined;
  call: Call;
  options: RequestOptions;
}

function exchange({ body, call, options, url }: Exchange): Promise<IncomingMessage> {
  const timeoutMs = call.timeoutMs ?? REQUEST_TIMEOUT_MS;
  const { method, signal } = call;
  return new Promise((resolve, reject) => {
    const request = httpsRequest(url, { ...options, method, ...(signal ? { signal } : {}) }, resolve);
    // A watch has no timeout of its own, but its answer has to begin.
    const timer = setTimeout(
      () => request.destroy(new KubernetesError(0, 'Timeout', `${method} ${call.path}: no answer in time`)),
      timeoutMs === 0 ? REQUEST_TIMEOUT_MS : timeoutMs,
    );
    request.on('response', () => clearTimeout(timer));
    request.on('error', (error) => {
      clearTimeout(timer);
      reject(error);
    });
    request.on('socket', (socket) => socket.setKeepAlive(true, 15_000));
    request.end(body);
  });
}

const BODY_TIMEOUT_MS = 30_000;

async function textOf(response: IncomingMessage): Promise<string> {
  const timer = setTimeout(
    () => response.destroy(new KubernetesError(0, 'Timeout', 'The answer stopped')),
    BODY_TIMEOUT_MS,
  );
  try {
    let text = '';
    response.setEncoding('utf8');
    for await (const chunk of response) text += chunk;
    return text;
  } finally {
    clearTimeout(timer);
  }
}

function toError(status: number, text: string): KubernetesError {
  try {
    const { message = text, reason = 'Unknown' } = JSON.parse(text) as { message?: string; reason?: string };
    return new KubernetesError(status, reason, message);
  } catch {
    return new KubernetesError(status, 'Unknown', text.slice(0, 200));
  }
}
