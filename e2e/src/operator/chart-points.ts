import { readFileSync } from 'node:fs';
import { isDeepStrictEqual } from 'node:util';
import { parseAllDocuments } from 'yaml';
import { expectThat, type Point } from '../deployed/checklist.ts';
import { ROOT } from '../deployed/program.ts';
import type { Helm } from './helm.ts';
import { at, type KubeObject } from './kube.ts';
import { WRONG_OPERATOR_VALUES, WRONG_SHOP_VALUES } from './wrong-values.ts';

const OPERATOR = `${ROOT}charts/shop-operator`;
const SHOP = `${ROOT}charts/shop`;

/** What only Helm adds, and what names who has installed an object, are not compared. */
function comparable(object: KubeObject): unknown {
  const strip = (value: unknown): unknown => {
    if (Array.isArray(value)) return value.map(strip);
    if (typeof value !== 'object' || value === null) return value;
    const entries = Object.entries(value).filter(
      ([key]) =>
        !['helm.sh/chart', 'helm.sh/resource-policy', 'app.kubernetes.io/managed-by', 'annotations'].includes(key),
    );
    return Object.fromEntries(entries.map(([key, inner]) => [key, strip(inner)]));
  };
  const { metadata, ...rest } = strip(object) as { metadata: { name: string; labels?: object } };
  if (object.kind === 'CustomResourceDefinition') return { ...rest, metadata: { name: metadata.name } };
  return { ...rest, metadata };
}

function plainManifests(): KubeObject[] {
  return ['definition', 'operator'].flatMap((file) =>
    parseAllDocuments(readFileSync(`${ROOT}k8s/operator/${file}.yaml`, 'utf8')).map((one) => one.toJS() as KubeObject),
  );
}

const titleOf = ({ kind, metadata }: KubeObject) => `${kind} ${metadata.name}`;

async function refuses(helm: Helm, chart: string, [values, word]: readonly [object, string]): Promise<void> {
  const input = JSON.stringify(values);
  const said = await helm.run(['template', 'dev', chart, '-f', '-'], { input }).then(() => 'it was accepted', String);
  expectThat(said.includes(word) && said.includes("don't meet the specifications"), `${input}: ${said.slice(0, 400)}`);
}

export function chartPoints(helm: Helm): Point[] {
  return [
    {
      title: 'helm lint --strict finds nothing',
      check: async () => {
        await helm.run(['lint', '--strict', OPERATOR, SHOP]);
        return (await helm.run(['version', '--short'])).trim();
      },
    },
    {
      title: 'charts/shop-operator renders the objects of k8s/operator',
      check: async () => {
        const args = ['shop-operator', OPERATOR, '--namespace', 'shop-operator', '--set', 'clusterWide=true'];
        const [rendered, plain] = [await helm.template(args), plainManifests()];
        for (const wanted of plain) {
          const found = rendered.find((one) => titleOf(one) === titleOf(wanted));
          expectThat(found !== undefined, `${titleOf(wanted)} is not in the chart`);
          const [a, b] = [comparable(found), comparable(wanted)];
          expectThat(isDeepStrictEqual(a, b), `${titleOf(wanted)}:\n${JSON.stringify(a)}\n${JSON.stringify(b)}`);
        }
        expectThat(rendered.length === plain.length, `${rendered.length} objects, expected ${plain.length}`);
        return `${plain.length} objects`;
      },
    },
    {
      title: 'Without clusterWide there is no rule for the whole cluster, and a Role in each namespace',
      check: async () => {
        const args = ['op', OPERATOR, '--namespace', 'here', '--set', 'watchNamespaces={one,two}'];
        const rendered = await helm.template(args);
        const kinds = rendered.map(({ kind }) => kind);
        expectThat(!kinds.some((kind) => kind.startsWith('ClusterRole')), 'there is a ClusterRole');
        expectThat(kinds.filter((kind) => kind === 'Role').length === 3, 'expected three Roles');
        expectThat(!JSON.stringify(rendered.filter(({ kind }) => kind === 'Role')).includes('"*"'), 'a wildcard');
        return undefined;
      },
    },
    {
      title: 'charts/shop hands its values on as the spec of one Shop',
      check: async () => {
        const args = ['dev', SHOP, '--set', 'demoData=true,services.order-service.replicas=3'];
        const rendered = await helm.template(args);
        expectThat(rendered.length === 1 && rendered[0]?.kind === 'Shop', rendered.map(titleOf).join());
        const { demoData, services, version } = rendered[0]?.spec ?? {};
        const isHandedOn = demoData === true && version === '0.1.0' && at(services, 'order-service.replicas') === 3;
        expectThat(isHandedOn, JSON.stringify(rendered[0]?.spec));
        return undefined;
      },
    },
    {
      title: 'charts/shop brings the operator along when asked',
      check: async () => {
        const rendered = await helm.template(['dev', SHOP, '--set', 'operator.enabled=true']);
        expectThat(
          rendered.some(({ kind }) => kind === 'Deployment'),
          rendered.map(titleOf).join(),
        );
        return `${rendered.length} objects`;
      },
    },
    {
      title: 'Wrong values are refused by name',
      check: async () => {
        for (const wrong of WRONG_SHOP_VALUES) await refuses(helm, SHOP, wrong);
        for (const wrong of WRONG_OPERATOR_VALUES) await refuses(helm, OPERATOR, wrong);
        return `${WRONG_SHOP_VALUES.length + WRONG_OPERATOR_VALUES.length} of them`;
      },
    },
  ];
}
