import type { LoadResult } from './load.ts';
import type { Usage } from './usage.ts';

/** The figures the design wants on two shared cores; a run is held against them, never failed by them. */
const TARGETS: Record<string, number> = { list: 3200, product: 3000, search: 2000, 'search-miss': 420, checkout: 200 };

export interface Row extends LoadResult {
  name: string;
  cpuMicrosPerRequest: number;
  statementsPerRequest: number;
  residentMiB: Record<string, number>;
  completionMs?: { latencyMsP50: number; latencyMsP95: number; latencyMsP99: number };
}

/** Joins a load's result with what the platform used for it. */
export function toRow(name: string, load: LoadResult, { before, after }: { before: Usage; after: Usage }): Row {
  const requests = Math.max(1, load.requests);
  return {
    name,
    ...load,
    cpuMicrosPerRequest: ((after.cpuSeconds - before.cpuSeconds) * 1_000_000) / requests,
    statementsPerRequest: (after.statements - before.statements) / requests,
    residentMiB: after.residentMiB,
  };
}

function median(values: number[]): number {
  return values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)] ?? 0;
}

function range(values: number[], digits = 0): string {
  const format = (value: number) => value.toFixed(digits);
  return `${format(median(values))} (${format(Math.min(...values))}-${format(Math.max(...values))})`;
}

/** A Markdown table: one line a run, median and range over its rounds. */
export function printTable(rows: readonly Row[]): string {
  const names = [...new Set(rows.map((row) => row.name))];
  const lines = [
    '| run | per second | target | p50 ms | p95 ms | p99 ms | CPU µs | statements | refused |',
    '|---|---|---|---|---|---|---|---|---|',
  ];
  for (const name of names) {
    const of = rows.filter((row) => row.name === name);
    const refused = of.reduce(
      (sum, row) =>
        sum +
        Object.entries(row.statuses).reduce(
          (n, [status, count]) => (Number(status) >= 200 && Number(status) < 300 ? n : n + count),
          0,
        ),
      0,
    );
    const column = (pick: (row: Row) => number, digits = 0) => range(of.map(pick), digits);
    lines.push(
      `| ${name} | ${column((row) => row.perSecond)} | ${TARGETS[name] ?? ''} | ${column((row) => row.latencyMsP50, 1)} | ${column((row) => row.latencyMsP95, 1)} | ${column((row) => row.latencyMsP99, 1)} | ${column((row) => row.cpuMicrosPerRequest)} | ${column((row) => row.statementsPerRequest, 2)} | ${refused} |`,
    );
  }
  const checkouts = rows.flatMap((row) => row.completionMs ?? []);
  if (checkouts.length > 0) {
    lines.push(
      '',
      `order.created to order.completed: p50 ${range(checkouts.map((row) => row.latencyMsP50))} ms (target 50), p99 ${range(checkouts.map((row) => row.latencyMsP99))} ms (target 250)`,
    );
  }
  const memory = rows.at(-1)?.residentMiB ?? {};
  lines.push('', ...Object.entries(memory).map(([service, mib]) => `resident ${service}: ${mib} MiB`));
  return `${lines.join('\n')}\n`;
}
