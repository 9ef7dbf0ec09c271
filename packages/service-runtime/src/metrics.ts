import { Counter, collectDefaultMetrics, Gauge, Histogram, Registry } from 'prom-client';

export type { Counter, Gauge, Histogram, Registry };

export interface HistogramOptions {
  labels?: readonly string[];
  /** Upper bounds, in the metric's unit. */
  buckets?: readonly number[];
}

export interface GaugeOptions {
  labels?: readonly string[];
  /** Called at each scrape; sets the value. Must not wait for a dependency. */
  collect?: (gauge: Gauge) => void;
}

/** The metrics of one service. Asking twice for a name gives the same metric, so that parts need not share instances. */
export interface Metrics {
  counter(name: string, help: string, labels?: readonly string[]): Counter;
  histogram(name: string, help: string, options?: HistogramOptions): Histogram;
  gauge(name: string, help: string, options?: readonly string[] | GaugeOptions): Gauge;
  readonly registry: Registry;
}

/** OpenTelemetry's advice for durations in seconds, from 1 ms to 10 s. */
export const DURATION_BUCKETS_SECONDS: readonly number[] = [
  0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.075, 0.1, 0.25, 0.5, 0.75, 1, 2.5, 5, 7.5, 10,
];

/** A registry of its own for each service, so that six services in one process do not mix their figures. */
export function createMetrics(options: { service: string; processMetrics?: boolean }): Metrics {
  const registry = new Registry();
  registry.setDefaultLabels({ service: options.service });
  if (options.processMetrics ?? true) collectDefaultMetrics({ register: registry });
  return {
    registry,
    counter: (name, help, labels = []) =>
      existing(registry, name, Counter) ?? new Counter({ name, help, labelNames: [...labels], registers: [registry] }),
    histogram: (name, help, { labels = [], buckets = DURATION_BUCKETS_SECONDS } = {}) =>
      existing(registry, name, Histogram) ??
      new Histogram({ name, help, labelNames: [...labels], buckets: [...buckets], registers: [registry] }),
    gauge: (name, help, given = []) =>
      existing(registry, name, Gauge) ?? createGauge(registry, name, { help, ...gaugeOptionsOf(given) }),
  };
}

function gaugeOptionsOf(given: readonly string[] | GaugeOptions): GaugeOptions {
  return 'length' in given ? { labels: given } : given;
}

function createGauge(registry: Registry, name: string, options: GaugeOptions & { help: string }): Gauge {
  const { collect, help, labels = [] } = options;
  return new Gauge({
    name,
    help,
    labelNames: [...labels],
    registers: [registry],
    ...(collect === undefined
      ? {}
      : {
          collect() {
            collect(this);
          },
        }),
  });
}

function existing<M extends Counter | Gauge | Histogram>(
  registry: Registry,
  name: string,
  kind: abstract new (...args: never[]) => M,
): M | undefined {
  const metric: unknown = registry.getSingleMetric(name);
  return metric instanceof kind ? metric : undefined;
}
