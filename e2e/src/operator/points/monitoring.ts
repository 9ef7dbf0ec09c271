import { expectThat } from '../../deployed/checklist.ts';
import { ROOT } from '../../deployed/program.ts';
import { fetchDefinitions, MONITORS } from '../foreign-definitions.ts';
import { at } from '../kube.ts';
import { OPERATOR, RELEASE, type Stage } from '../stage.ts';

const LOOKED_AT = ['serviceMonitor', 'podMonitor', 'prometheusRule', 'dashboard'];
const KINDS = 'servicemonitors,podmonitors,prometheusrules';

/** What the chart makes for Prometheus and Grafana, by the definitions that the Prometheus operator has. */
export async function isMonitored(stage: Stage): Promise<string> {
  const definitions = await fetchDefinitions(MONITORS);
  const kubectl = stage.operator.kubectl;
  await kubectl(['apply', '--server-side', '-f', '-'], { input: definitions.text });
  try {
    const wanted = LOOKED_AT.map((name) => `${name}.enabled=true`).join();
    const chart = ['upgrade', RELEASE, `${ROOT}charts/shop-operator`, '-n', OPERATOR, '--reuse-values'];
    await stage.helm.run([...chart, '--set', `${wanted},monitoringLabels.release=prometheus`]);
    const made = await stage.operator.list(KINDS);
    expectThat(made.length === 3, `${made.length} objects`);
    const labelled = made.every(({ metadata }) => metadata.labels?.release === 'prometheus');
    expectThat(labelled, 'a label is missing');
    const [dashboard] = await stage.operator.list('configmaps', 'grafana_dashboard=1');
    const { panels } = JSON.parse(
      String(at(dashboard, 'data') && Object.values(at(dashboard, 'data') as object)[0]),
    ) as {
      panels: unknown[];
    };
    expectThat(panels.length > 10, `${panels.length} panels`);
    const rules = made.find(({ kind }) => kind === 'PrometheusRule');
    const alerts = (at(rules, 'spec.groups') as { rules: unknown[] }[]).flatMap((group) => group.rules).length;
    const off = LOOKED_AT.map((name) => `${name}.enabled=false`).join();
    await stage.helm.run([...chart, '--set', off]);
    expectThat((await stage.operator.list(KINDS)).length === 0, 'they are left behind');
    return `${alerts} alerts and ${panels.length} panels, accepted by ${definitions.source}`;
  } finally {
    await kubectl(['delete', '-f', '-', '--ignore-not-found'], { input: definitions.text });
  }
}

/** A pod of the named namespace reads the metrics of a service, and a pod of another one does not. */
export async function letsMetricsOut(stage: Stage): Promise<undefined> {
  const { shops, operator } = stage;
  const address = 'dev-order-service.souk-shops:3003';
  const [pod] = (await operator.list('pods', 'app.kubernetes.io/name=shop-operator')).map(
    ({ metadata }) => metadata.name,
  );
  const script = `fetch('http://${address}/metrics',{signal:AbortSignal.timeout(3000)}).then(r=>process.exit(r.ok?0:1),()=>process.exit(1))`;
  const reads = async () =>
    operator.kubectl(['exec', pod ?? '', '--', '/nodejs/bin/node', '-e', script]).then(
      () => true,
      () => false,
    );
  expectThat(!(await reads()), 'metrics are open to everybody');
  await stage.patch({ monitoring: { namespace: OPERATOR } });
  await stage.until('The metrics', async () => (await reads()) || undefined, 30);
  await stage.patch({ monitoring: { namespace: null } });
  await stage.until(
    'The closed door',
    async () =>
      !(await shops.list('networkpolicies')).some(({ metadata }) => metadata.name === 'dev-monitoring') || undefined,
    20,
  );
  return undefined;
}
