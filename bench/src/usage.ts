/** What the platform's processes used, read from their own /metrics pages. */
export interface Usage {
  /** CPU seconds of all distinct processes together. */
  cpuSeconds: number;
  /** Statements sent to PostgreSQL by all services together. */
  statements: number;
  /** Resident memory in MiB by process; in a one-process run all services share one. */
  residentMiB: Record<string, number>;
}

export interface MetricsEndpoint {
  service: string;
  url: string;
}

/** Where every service serves its metrics; the gateway's are on its operations port. */
export function metricsEndpoints(portOffset: number): MetricsEndpoint[] {
  const ports: Record<string, number> = {
    'api-gateway': 9464,
    'user-service': 3001,
    'product-service': 8000,
    'order-service': 3003,
    'payment-service': 3004,
    'notification-service': 3005,
  };
  return Object.entries(ports).map(([service, port]) => ({
    service,
    url: `http://127.0.0.1:${port + portOffset}/metrics`,
  }));
}

/** Sums one metric over its labels in a Prometheus text page; undefined when the page does not have it. */
export function sumMetric(page: string, name: string): number | undefined {
  const values = page
    .split('\n')
    .filter((line) => line.startsWith(`${name} `) || line.startsWith(`${name}{`))
    .map((line) => Number(line.slice(line.lastIndexOf(' ') + 1)));
  return values.length === 0 ? undefined : values.reduce((sum, value) => sum + value, 0);
}

/**
 * Reads every page once. Services that run in one process report the same process: they are told apart by start time
 * and counted once. A service that does not answer is left out.
 */
export async function readUsage(endpoints: readonly MetricsEndpoint[]): Promise<Usage> {
  const usage: Usage = { cpuSeconds: 0, statements: 0, residentMiB: {} };
  const seen = new Set<number>();
  for (const { service, url } of endpoints) {
    const page = await fetch(url, { signal: AbortSignal.timeout(3_000) })
      .then((answer) => answer.text())
      .catch(() => '');
    usage.statements += sumMetric(page, 'souk_database_statements_total') ?? 0;
    const startedAt = sumMetric(page, 'process_start_time_seconds');
    if (startedAt === undefined || seen.has(startedAt)) continue;
    seen.add(startedAt);
    usage.cpuSeconds += sumMetric(page, 'process_cpu_seconds_total') ?? 0;
    usage.residentMiB[service] = Math.round((sumMetric(page, 'process_resident_memory_bytes') ?? 0) / 1_048_576);
  }
  const [only, ...others] = Object.keys(usage.residentMiB);
  if (only && others.length === 0 && endpoints.length > 1) {
    usage.residentMiB = { 'all six services in one process': usage.residentMiB[only] ?? 0 };
  }
  return usage;
}
