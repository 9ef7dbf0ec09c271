import { readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';

const ROOT = fileURLToPath(new URL('../../../../', import.meta.url));
const read = (file: string) => readFileSync(`${ROOT}charts/shop-operator/files/${file}`, 'utf8');

interface Alert {
  alert: string;
  expr: string;
  annotations: { summary: string; description: string };
  labels: { severity: string };
}

const alerts = (parse(read('alerts.yaml')) as { groups: { rules: Alert[] }[] }).groups.flatMap(({ rules }) => rules);
const dashboard = JSON.parse(read('dashboard.json')) as { panels: { title: string; targets: { expr: string }[] }[] };

/** Names of metrics that the services, their packages and the operator define. */
function definedMetrics(): Set<string> {
  const folders = ['packages', 'services'].flatMap((group) =>
    readdirSync(`${ROOT}${group}`).map((name) => `${ROOT}${group}/${name}/src`),
  );
  const files = folders.flatMap((folder) =>
    readdirSync(folder, { recursive: true, encoding: 'utf8' }).map((file) => `${folder}/${file}`),
  );
  const sources = files.filter((file) => file.endsWith('.ts') && !file.endsWith('.test.ts'));
  const text = sources.map((file) => readFileSync(file, 'utf8'));
  return new Set(text.join('\n').match(/(?<=')(?:souk|http)_[a-z_]+(?=')/g));
}

const metricsOf = (expr: string) =>
  (expr.match(/\b(?:souk|http)_[a-z_]+(?=[{[)\s]|$)/g) ?? [])
    .filter((name) => !/^http_(request_method|route|response_status_code)$/.test(name))
    .map((name) => name.replace(/_(bucket|count|sum)$/, ''));

describe('Alerts and dashboard', () => {
  it('ask for metrics that exist', () => {
    const defined = definedMetrics();
    const exprs = [
      ...alerts.map(({ alert, expr }) => [alert, expr] as const),
      ...dashboard.panels.flatMap(({ targets, title }) => targets.map(({ expr }) => [title, expr] as const)),
    ];
    expect(exprs.length).toBeGreaterThan(25);
    for (const [title, expr] of exprs)
      for (const name of metricsOf(expr)) expect(defined, `${title}: ${name}`).toContain(name);
    expect(exprs.flatMap(([, expr]) => metricsOf(expr)).length).toBeGreaterThan(exprs.length - 2);
  });

  it('tell whoever is woken what is wrong and where to look', () => {
    for (const { alert, annotations, labels } of alerts) {
      expect(annotations.summary, alert).toBeTruthy();
      expect(annotations.description, alert).toBeTruthy();
      expect(['critical', 'warning'], alert).toContain(labels.severity);
    }
    expect(new Set(alerts.map(({ alert }) => alert)).size).toBe(alerts.length);
  });
});
