import { describe, expect, it } from 'vitest';
import { DEV, PROD } from '../src/environments.ts';
import { edgesInPolicies, findNetworkProblems } from '../src/gates/network.ts';
import { findPodSecurityProblems } from '../src/gates/pod-security.ts';
import { findProductionProblems } from '../src/gates/production.ts';
import { workloadsOf } from '../src/gates/workloads.ts';
import type { PlatformOptions } from '../src/model/options.ts';
import type { Manifest } from '../src/render/metadata.ts';
import { edgesOf } from '../src/render/network-policy.ts';
import { renderAll } from './files.ts';
import { findSchemaProblems } from './schema-check.ts';

const INGRESS: PlatformOptions = {
  ...PROD,
  exposure: { type: 'Ingress', host: 'shop.example', className: 'public', tlsSecretName: 'shop-tls' },
};
const dev = renderAll(DEV);
const prod = renderAll(PROD);

const problemsOf = (manifests: Manifest[], options = PROD) => [
  ...findSchemaProblems(manifests),
  ...findPodSecurityProblems(manifests),
  ...findProductionProblems(manifests),
  ...findNetworkProblems(manifests, edgesOf(options)),
];

/** A copy of prod in which one place of one object has another value; undefined takes it away. */
function damaged(kind: string, name: string, [path, value]: [path: string, value?: unknown]): Manifest[] {
  const copy = structuredClone(prod);
  const found = copy.find((one) => one.kind === kind && one.metadata.name.startsWith(name));
  const steps = path.split('.');
  const last = steps.pop() ?? '';
  let place = found as unknown as Record<string, unknown>;
  for (const step of steps) place = place[step.replaceAll('·', '.')] as Record<string, unknown>;
  if (value === undefined) delete place[last.replaceAll('·', '.')];
  else place[last.replaceAll('·', '.')] = value;
  return copy;
}

const POD = 'spec.template.spec';
const CONTAINER = `${POD}.containers.0`;
const STRANGER = { matchLabels: { 'app.kubernetes.io/name': 'product-service', 'app.kubernetes.io/instance': 'souk' } };

describe('The manifests of production', () => {
  it('pass every gate', () => {
    expect(problemsOf(prod)).toEqual([]);
    expect(problemsOf(renderAll(INGRESS), INGRESS)).toEqual([]);
  });

  // What each gate is for: break one thing, and exactly that has to be named.
  it.each<[damage: string, Manifest[], problem: string]>([
    [
      'a dropped readiness probe',
      damaged('Deployment', 'order-service', [`${CONTAINER}.readinessProbe`]),
      'Deployment order-service order-service has no readiness probe',
    ],
    [
      'a liveness probe that asks for dependencies',
      damaged('Deployment', 'order-service', [`${CONTAINER}.livenessProbe.httpGet.path`, '/readyz']),
      'Deployment order-service order-service asks the same for liveness and readiness',
    ],
    [
      'a probe of a port without a name',
      damaged('Deployment', 'api-gateway', [`${CONTAINER}.startupProbe.httpGet.port`, 'admin']),
      'Deployment api-gateway api-gateway probes a port that it does not name',
    ],
    [
      'a dropped memory limit',
      damaged('Deployment', 'user-service', [`${CONTAINER}.resources.limits.memory`]),
      'Deployment user-service user-service has no memory limit',
    ],
    [
      'a dropped request of a Job',
      damaged('Job', 'user-service-migrate', [`${CONTAINER}.resources.requests.cpu`]),
      ' migrate requests no CPU',
    ],
    [
      'a closed port 53',
      damaged('NetworkPolicy', 'payment-service', ['spec.egress', []]),
      "NetworkPolicy payment-service does not reach the cluster's DNS by UDP 53",
    ],
    [
      'DNS without TCP',
      damaged('NetworkPolicy', 'payment-service', ['spec.egress.0.ports.1.port', 5353]),
      "NetworkPolicy payment-service does not reach the cluster's DNS by TCP 53",
    ],
    [
      'a policy that lets a stranger in',
      damaged('NetworkPolicy', 'payment-service', ['spec.ingress.0.from.0.podSelector', STRANGER]),
      'product-service -> payment-service:3004 is let in',
    ],
    [
      'a call that only one side allows',
      damaged('NetworkPolicy', 'order-service', ['spec.ingress', []]),
      'api-gateway -> order-service:3003 is not let in',
    ],
    [
      'a missing default deny',
      damaged('NetworkPolicy', 'default-deny', ['spec.policyTypes', ['Ingress']]),
      'Nothing denies what no policy allows',
    ],
    [
      'a pod that may run as root',
      damaged('Deployment', 'user-service', [`${POD}.securityContext.runAsNonRoot`]),
      'Deployment user-service user-service may run as root',
    ],
    [
      'a kept capability',
      damaged('Deployment', 'user-service', [`${CONTAINER}.securityContext.capabilities`]),
      'Deployment user-service user-service keeps capabilities',
    ],
    [
      'a writable root',
      damaged('Deployment', 'user-service', [`${CONTAINER}.securityContext.readOnlyRootFilesystem`]),
      'Deployment user-service user-service may write to its image',
    ],
    [
      'a folder of the node',
      damaged('Deployment', 'user-service', [`${POD}.volumes.0`, { name: 'node', hostPath: { path: '/' } }]),
      'Deployment user-service mounts a hostPath',
    ],
    [
      'a lax namespace',
      damaged('Namespace', 'souk', ['metadata.labels.pod-security·kubernetes·io/enforce', 'baseline']),
      'Namespace souk does not enforce restricted',
    ],
    [
      'a dropped disruption budget',
      damaged('PodDisruptionBudget', 'order-service', ['spec.selector.matchLabels', { other: 'pods' }]),
      'Deployment order-service has no disruption budget',
    ],
    [
      'replicas beside an autoscaler',
      damaged('Deployment', 'order-service', ['spec.replicas', 2]),
      'Deployment order-service sets replicas beside its autoscaler',
    ],
    [
      'a single replica',
      damaged('HorizontalPodAutoscaler', 'order-service', ['spec.minReplicas', 1]),
      'Deployment order-service may run with one pod',
    ],
    [
      'a rollout that takes pods away first',
      damaged('Deployment', 'order-service', ['spec.strategy.rollingUpdate.maxUnavailable', 1]),
      'Deployment order-service takes pods away first',
    ],
    [
      'a Service that leads nowhere',
      damaged('Service', 'order-service', ['spec.selector.app·kubernetes·io/name', 'orders']),
      'Service order-service leads to no pod',
    ],
    [
      'an image without a fixed version',
      damaged('Deployment', 'order-service', [`${CONTAINER}.image`, 'souk/order-service']),
      'Deployment order-service order-service runs the image tag latest',
    ],
    [
      'a misspelt field',
      damaged('Deployment', 'order-service', ['spec.minReadySecond', 3]),
      'Deployment order-service/spec must NOT have additional properties {"additionalProperty":"minReadySecond"}',
    ],
    [
      'a number where a text belongs',
      damaged('ConfigMap', 'order-service', ['data.PORT', 3003]),
      'ConfigMap order-service/data/PORT must be string {"type":"string"}',
    ],
    [
      'a misspelt field of the route',
      damaged('HTTPRoute', 'souk', ['spec.hostname', 'shop.example']),
      'HTTPRoute souk/spec must NOT have additional properties {"additionalProperty":"hostname"}',
    ],
  ])('%s is found', (_damage, manifests, problem) => {
    expect(problemsOf(manifests).some((found) => found.includes(problem))).toBe(true);
  });
});

describe('The manifests of development', () => {
  it('keep to the schemas, to Pod Security and to the edges of the model', () => {
    expect(findSchemaProblems(dev)).toEqual([]);
    expect(findPodSecurityProblems(dev)).toEqual([]);
    expect(findNetworkProblems(dev, edgesOf(DEV))).toEqual([]);
  });

  it('let exactly the calls of the model through, and every service to its own database only', () => {
    const { egress } = edgesInPolicies(dev);
    const databases = egress.filter(({ port }) => port === 5432).map(({ from, to }) => `${from} -> ${to}`);
    expect(databases.sort()).toEqual([
      'notification-service -> postgres-users',
      'notification-service-migrate -> postgres-users',
      'order-service -> postgres-orders',
      'order-service-migrate -> postgres-orders',
      'payment-service -> postgres-payments',
      'payment-service-migrate -> postgres-payments',
      'product-service -> postgres-products',
      'product-service-migrate -> postgres-products',
      'product-service-seed -> postgres-products',
      'user-service -> postgres-users',
      'user-service-migrate -> postgres-users',
      'user-service-seed -> postgres-users',
    ]);
  });

  it('fit a laptop: under 2 CPU and 4 GiB of requests', () => {
    const millicores = (text: string) => (text.endsWith('m') ? Number(text.slice(0, -1)) : Number(text) * 1000);
    const mebibytes = (text: string) =>
      text.endsWith('Gi') ? Number(text.slice(0, -2)) * 1024 : Number(text.slice(0, -2));
    const requests = workloadsOf(dev).flatMap(({ containers }) =>
      containers.map(({ resources }) => resources?.requests),
    );
    const sum = (numbers: number[]) => numbers.reduce((a, b) => a + b, 0);
    expect(sum(requests.map((one) => millicores(one?.cpu ?? '2')))).toBeLessThan(2_000);
    expect(sum(requests.map((one) => mebibytes(one?.memory ?? '4Gi')))).toBeLessThan(4_096);
  });
});
