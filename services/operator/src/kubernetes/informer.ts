import type { IncomingMessage } from 'node:http';
import { setTimeout as pause } from 'node:timers/promises';
import { type Logger, withDeadline } from '@souk/service-runtime';
import type { LiveObject } from '../plan/observed.ts';
import { isStatus, type KubernetesClient, KubernetesError } from './client.ts';
import { pathOf, type Resource } from './resources.ts';

/** The API server ends a watch after this; jittered, so that watches do not end together. */
const WATCH_SECONDS = { min: 240, spread: 60 };
/** A watch that is open for longer than the server promised has silently died. */
const SILENCE_MARGIN_MS = 20_000;
const BACKOFF_MS = { first: 500, max: 15_000 };
const PAGE = 500;

export interface InformerOptions {
  client: KubernetesClient;
  resource: Resource;
  namespace: string | undefined;
  labelSelector?: string;
  /** What is kept of an object; an informer of thousands of pods must not keep their managed fields. */
  keep: (object: LiveObject) => LiveObject;
  onChange: (object: LiveObject) => void;
  onRestart?: (why: 'error' | 'expired') => void;
  /** The API server does not serve the kind any more: its definition was deleted, and watching ends. */
  onGone?: () => void;
  logger: Logger;
}

/** A copy of one kind of object, kept current by list and watch. */
export interface Informer {
  readonly resource: Resource;
  readonly namespace: string | undefined;
  list(): IterableIterator<LiveObject>;
  get(name: string, namespace: string): LiveObject | undefined;
  /** Takes in what a write was answered with, so that the next pass sees it. */
  remember(object: LiveObject): void;
  isSynced(): boolean;
  /** When the API server was last heard of. */
  lastHeardMs(): number;
  start(): void;
  stop(): void;
}

const idOf = ({ metadata }: LiveObject) => `${metadata.namespace ?? ''}/${metadata.name}`;
const versionOf = (object: LiveObject) => Number(object.metadata.resourceVersion ?? 0);

interface State {
  objects: Map<string, LiveObject>;
  resourceVersion: string | undefined;
  isSynced: boolean;
  heardAt: number;
}

/**
 * List, then watch from there, for ever. Unlike client-node's (which stops at the first error and swallows what its callbacks
 * throw), this one answers every end with another beginning: a cut goes on from the last version, an expired version lists
 * again, an error waits longer each time.
 */
export function createInformer(options: InformerOptions): Informer {
  const state: State = { objects: new Map(), resourceVersion: undefined, isSynced: false, heardAt: Date.now() };
  const stopping = new AbortController();
  return {
    resource: options.resource,
    namespace: options.namespace,
    list: () => state.objects.values(),
    get: (name, namespace) => state.objects.get(`${namespace}/${name}`),
    remember(object) {
      const known = state.objects.get(idOf(object));
      if (!known || versionOf(known) < versionOf(object)) state.objects.set(idOf(object), options.keep(object));
    },
    isSynced: () => state.isSynced,
    lastHeardMs: () => state.heardAt,
    start: () => void run(options, state, stopping.signal),
    stop: () => stopping.abort(),
  };
}

async function run(options: InformerOptions, state: State, signal: AbortSignal): Promise<void> {
  let failures = 0;
  while (!signal.aborted) {
    try {
      if (state.resourceVersion === undefined) await listAll(options, state);
      await watch(options, state, signal);
      failures = 0;
    } catch (error) {
      if (signal.aborted) return;
      if (isStatus(error, 404) && options.onGone) {
        options.onGone();
        return;
      }
      if (isStatus(error, 410)) {
        state.resourceVersion = undefined;
        options.onRestart?.('expired');
        continue;
      }
      failures += 1;
      options.onRestart?.('error');
      const waitMs = Math.min(BACKOFF_MS.max, BACKOFF_MS.first * 2 ** (failures - 1)) * (0.5 + Math.random());
      options.logger[failures > 3 ? 'warn' : 'debug']({ error, kind: options.resource.kind, waitMs }, 'Lost watch');
      await pause(waitMs, undefined, { signal }).catch(() => undefined);
    }
  }
}

async function listAll({ client, keep, labelSelector, namespace, onChange, resource }: InformerOptions, state: State) {
  const found = new Map<string, LiveObject>();
  let next: string | undefined;
  let resourceVersion: string | undefined;
  do {
    const query = { labelSelector, limit: String(PAGE), continue: next };
    const page = await client.list(resource, { namespace, query });
    const { apiVersion, kind } = resource;
    for (const item of page.items) found.set(idOf(item), keep({ ...item, apiVersion, kind }));
    next = page.metadata.continue;
    resourceVersion = page.metadata.resourceVersion;
  } while (next);
  const before = state.objects;
  state.objects = found;
  state.resourceVersion = resourceVersion;
  state.isSynced = true;
  state.heardAt = Date.now();
  for (const object of found.values()) onChange(object);
  for (const [id, object] of before) if (!found.has(id)) onChange(object);
}

interface WatchEvent {
  type: 'ADDED' | 'MODIFIED' | 'DELETED' | 'BOOKMARK' | 'ERROR';
  object: LiveObject & { code?: number; message?: string; reason?: string };
}

async function watch(options: InformerOptions, state: State, signal: AbortSignal): Promise<void> {
  const seconds = WATCH_SECONDS.min + Math.floor(Math.random() * WATCH_SECONDS.spread);
  const deadline = { timeoutMs: seconds * 1000 + SILENCE_MARGIN_MS, stopping: signal };
  await withDeadline(deadline, (over) => watchUntil(options, state, { seconds, over }));
}

async function watchUntil(
  options: InformerOptions,
  state: State,
  { seconds, over }: { seconds: number; over: AbortSignal },
): Promise<void> {
  const { client, labelSelector, namespace, resource } = options;
  const response = await client.open({
    method: 'GET',
    path: pathOf(resource, { namespace }),
    query: {
      watch: 'true',
      allowWatchBookmarks: 'true',
      timeoutSeconds: String(seconds),
      resourceVersion: state.resourceVersion,
      labelSelector,
    },
    signal: over,
    timeoutMs: 0,
  });
  for await (const line of linesOf(response)) take(options, state, JSON.parse(line) as WatchEvent);
}

async function* linesOf(response: IncomingMessage): AsyncGenerator<string> {
  let rest = '';
  response.setEncoding('utf8');
  for await (const chunk of response) {
    const lines = (rest + chunk).split('\n');
    rest = lines.pop() ?? '';
    yield* lines.filter((line) => line !== '');
  }
}

function take(options: InformerOptions, state: State, { object, type }: WatchEvent): void {
  state.heardAt = Date.now();
  if (type === 'ERROR')
    throw new KubernetesError(object.code ?? 0, object.reason ?? 'Unknown', object.message ?? 'watch');
  state.resourceVersion = object.metadata.resourceVersion;
  if (type === 'BOOKMARK') return;
  const known = state.objects.get(idOf(object));
  if (type === 'DELETED') state.objects.delete(idOf(object));
  // What a write was answered with may be newer than what the watch has come to.
  else if (!known || versionOf(known) <= versionOf(object)) state.objects.set(idOf(object), options.keep(object));
  options.onChange(object);
}
