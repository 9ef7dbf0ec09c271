import type { Clock, Logger, Metrics } from '@souk/service-runtime';
import type { KubernetesClient } from '../kubernetes/client.ts';
import { type PlanContext, plan } from '../plan/plan.ts';
import { API_VERSION, type Shop } from '../shop/shop.ts';
import { type Caches, startCaches } from './caches.ts';
import type { EventRecorder } from './events.ts';
import { execute } from './execute.ts';
import { observe } from './observe.ts';
import { createWorkQueue, type WorkQueue } from './queue.ts';

export interface ControllerOptions {
  client: KubernetesClient;
  /** Undefined is every namespace. */
  namespaces: readonly (string | undefined)[];
  context: PlanContext;
  events: EventRecorder;
  clock: Clock;
  logger: Logger;
  metrics: Metrics;
  /** Every Shop is looked at this often, whatever was missed. */
  resyncMs: number;
}

export interface Controller {
  start(): Promise<void>;
  stop(): Promise<void>;
  isSynced(): boolean;
  /** What keeps this process from doing its work, undefined when nothing does. */
  problem(): string | undefined;
}

const CONCURRENCY = 4;
/** Many objects change at once; one pass after them is enough. */
const SETTLE_MS = 50;
const SILENCE_MS_MAX = 10 * 60_000;
const PASS_MS_MAX = 5 * 60_000;

/** Watches Shops and all that belongs to them, and makes a pass over a Shop whenever something of it changed. */
export function createController(options: ControllerOptions): Controller {
  const { logger, metrics } = options;
  const state: { caches?: Caches; queue?: WorkQueue; resync?: NodeJS.Timeout; passes: Map<string, number> } = {
    passes: new Map(),
  };
  const instruments = createInstruments(metrics, () => state);
  const pending = new Map<string, NodeJS.Timeout>();
  const soon = (key: string) => {
    if (pending.has(key)) return;
    const add = () => {
      pending.delete(key);
      if (state.caches?.isSynced()) state.queue?.add(key);
      else soon(key);
    };
    pending.set(key, setTimeout(add, SETTLE_MS));
  };
  const work = async (key: string) => {
    const { caches } = state;
    const found = caches?.shop(key);
    if (!caches || !found) return undefined;
    state.passes.set(key, Date.now());
    const end = instruments.duration.startTimer();
    try {
      return await pass(found as unknown as Shop, caches, options);
    } finally {
      state.passes.delete(key);
      end();
    }
  };
  return {
    async start() {
      const onError = (key: string, error: unknown, retryMs: number) => {
        instruments.passes.inc({ result: 'error' });
        logger.warn({ shop: key, error, retryMs }, 'Could not reconcile Shop');
      };
      state.queue = createWorkQueue({ concurrency: CONCURRENCY, work: counted(work, instruments), onError });
      const onRestart = (kind: string, why: string) => instruments.restarts.inc({ kind, why });
      const { client, namespaces } = options;
      state.caches = await startCaches({ client, namespaces, logger, onRestart, onShop: soon });
      state.resync = setInterval(() => {
        for (const key of state.caches?.shops() ?? []) state.queue?.add(key);
      }, options.resyncMs).unref();
    },
    async stop() {
      clearInterval(state.resync);
      for (const timer of pending.values()) clearTimeout(timer);
      state.caches?.stop();
      await state.queue?.stop();
    },
    isSynced: () => state.caches?.isSynced() ?? false,
    problem() {
      if (state.caches && state.caches.silenceMs() > SILENCE_MS_MAX) return 'A watch is silent';
      const oldest = Math.min(...state.passes.values());
      return Date.now() - oldest > PASS_MS_MAX ? 'A pass does not end' : undefined;
    },
  };
}

/** Looks, plans and does, once. */
async function pass(found: Shop, caches: Caches, options: ControllerOptions): Promise<number | undefined> {
  const shop: Shop = { ...found, apiVersion: API_VERSION, kind: 'Shop' };
  const observed = await observe(shop, caches, options.client);
  const planned = plan(shop, observed, { now: options.clock.now(), context: options.context });
  await execute(shop, { plan: planned, observed }, { client: options.client, caches, logger: options.logger });
  for (const event of planned.events) await options.events.record(shop, event);
  return planned.requeueAfterMs;
}

type Instruments = ReturnType<typeof createInstruments>;

function counted(work: (key: string) => Promise<number | undefined>, { passes }: Instruments) {
  return async (key: string) => {
    const result = await work(key);
    passes.inc({ result: 'ok' });
    return result;
  };
}

function createInstruments(metrics: Metrics, state: () => { caches?: Caches; queue?: WorkQueue }) {
  metrics.gauge('souk_operator_queue_depth', 'Shops that wait for a pass', {
    collect: (gauge) => gauge.set(state().queue?.depth() ?? 0),
  });
  metrics.gauge('souk_operator_watch_silence_seconds', 'Longest time since a watch was heard of', {
    collect: (gauge) => gauge.set((state().caches?.silenceMs() ?? 0) / 1000),
  });
  metrics.gauge('souk_operator_shop_condition', 'Whether a condition of a Shop holds: 1, 0 or -1 for unknown', {
    labels: ['namespace', 'shop', 'condition'],
    collect: (gauge) => {
      gauge.reset();
      const { caches } = state();
      for (const key of caches?.shops() ?? []) {
        const shop = caches?.shop(key) as unknown as Shop | undefined;
        for (const { status, type } of shop?.status?.conditions ?? []) {
          const value = { True: 1, False: 0, Unknown: -1 }[status];
          gauge.set(
            { namespace: shop?.metadata.namespace ?? '', shop: shop?.metadata.name ?? '', condition: type },
            value,
          );
        }
      }
    },
  });
  return {
    passes: metrics.counter('souk_operator_reconciles_total', 'Passes over Shops', ['result']),
    duration: metrics.histogram('souk_operator_reconcile_seconds', 'Time of one pass'),
    restarts: metrics.counter('souk_operator_watch_restarts_total', 'Watches that had to begin again', ['kind', 'why']),
  };
}
