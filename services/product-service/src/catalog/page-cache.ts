import type { Metrics } from '@souk/service-runtime';
import { LRUCache } from 'lru-cache';
import type { CautiousStore } from './cautious-store.ts';

/** One page as text, cut where `available` goes, because that alone may change while the catalogue stands still. */
export interface PageText {
  /** The catalogue's generation that the page shows. */
  generation: number;
  productIds: string[];
  /** One more than there are products: the text before, between and after their `available`. */
  parts: string[];
}

export interface LoadedPage {
  text: PageText;
  available: number[];
}

export interface PageKey {
  generation: number;
  /** The normalized question. */
  question: string;
}

export interface PageCacheOptions {
  keyValue: CautiousStore;
  /** Which database the pages are of. */
  incarnation: () => string;
  metrics: Metrics;
  clockMs: () => number;
  random: () => number;
  loadAvailable: (productIds: readonly string[]) => Promise<number[]>;
  pagesMax: number;
  bytesMax: number;
  ttlMs: number;
  availableLagMs: number;
}

interface KeptPage {
  text: PageText;
  body: string;
  /** When reading of `available` began. */
  atMs: number;
  refreshing?: Promise<string> | undefined;
}

export interface PageOptions {
  live: boolean;
  load: () => Promise<LoadedPage>;
}

export interface PageCache {
  /**
   * The page's JSON: from this process, else from the key-value store, else by `load`; one load for many who ask.
   * `live` pages depend on stock in what they list: they are kept as briefly as stock may lag, and here only.
   */
  body(key: PageKey, options: PageOptions): Promise<string>;
}

/** Entries begun together must not end together. */
const JITTER = 0.2;

export function createPageCache(options: PageCacheOptions): PageCache {
  const { clockMs, availableLagMs, ttlMs, random, loadAvailable } = options;
  const kept = new LRUCache<string, KeptPage>({
    max: options.pagesMax,
    maxSize: options.bytesMax,
    sizeCalculation: (page) => 2 * page.body.length + 1,
    ttl: ttlMs,
    perf: { now: clockMs },
  });
  const loading = new Map<string, Promise<string>>();
  const shared = createSharedPages(options);
  const reads = options.metrics.counter('souk_catalog_page_reads_total', 'Pages of products by where they came from', [
    'from',
  ]);
  const jittered = () => Math.round(ttlMs * (1 - JITTER + 2 * JITTER * random()));

  function keep(key: string, page: KeptPage, live: boolean): string {
    kept.set(key, page, { ttl: live ? availableLagMs : jittered() });
    return page.body;
  }

  async function refresh(key: string, page: KeptPage): Promise<string> {
    const atMs = clockMs();
    const available = await loadAvailable(page.text.productIds);
    return keep(key, { text: page.text, body: join(page.text, available), atMs }, false);
  }

  async function load({ question, ...rest }: PageKey, pageOptions: PageOptions): Promise<string> {
    const { live } = pageOptions;
    const key = keyOf({ question, ...rest });
    const sharedText = live ? undefined : await shared.get(key);
    if (sharedText !== undefined) {
      reads.inc({ from: 'store' });
      return refresh(key, { text: sharedText, body: '', atMs: 0 });
    }
    reads.inc({ from: 'database' });
    const atMs = clockMs();
    const { text, available } = await pageOptions.load();
    // A write may have come in between: the page is kept as what it is.
    const ownKey = keyOf({ generation: text.generation, question });
    if (!live) shared.set(ownKey, text, jittered());
    return keep(ownKey, { text, body: join(text, available), atMs }, live);
  }

  return {
    body(pageKey, pageOptions) {
      const key = keyOf(pageKey);
      const page = kept.get(key);
      if (page !== undefined && clockMs() - page.atMs < availableLagMs) {
        reads.inc({ from: 'process' });
        return Promise.resolve(page.body);
      }
      if (page !== undefined && !pageOptions.live) {
        page.refreshing ??= refresh(key, page).finally(() => {
          page.refreshing = undefined;
        });
        return page.refreshing;
      }
      const underWay = loading.get(key);
      if (underWay !== undefined) return underWay;
      const begun = load(pageKey, pageOptions).finally(() => loading.delete(key));
      loading.set(key, begun);
      return begun;
    },
  };
}

function join({ parts }: PageText, available: readonly number[]): string {
  let body = parts[0] ?? '';
  available.forEach((count, index) => {
    body += `${count}${parts[index + 1] ?? ''}`;
  });
  return body;
}

function keyOf({ generation, question }: PageKey): string {
  return `${generation}:${question}`;
}

/** Pages that the replicas share. A store that does not answer is a miss; nothing waits for a write to it. */
function createSharedPages({ keyValue, metrics, incarnation }: PageCacheOptions) {
  const failures = metrics.counter(
    'souk_catalog_page_store_failures_total',
    'Pages that the key-value store did not take or give',
  );
  const storeKeyOf = (key: string) => `products:page:${incarnation()}:${key}`;
  return {
    async get(key: string): Promise<PageText | undefined> {
      if (!keyValue.isReady()) return undefined;
      try {
        const text = await keyValue.get(storeKeyOf(key));
        return text === undefined ? undefined : (JSON.parse(text) as PageText);
      } catch {
        failures.inc();
        return undefined;
      }
    },
    set(key: string, text: PageText, ttlMs: number): void {
      if (!keyValue.isReady()) return;
      keyValue.set(storeKeyOf(key), JSON.stringify(text), { ttlMs }).catch(() => failures.inc());
    },
  };
}
