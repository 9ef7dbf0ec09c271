import { isDeepStrictEqual } from 'node:util';
import type { Manifest } from '../render/metadata.ts';
import { type ContainerSpec, selects, titleOf, type Workload, workloadsOf } from './workloads.ts';

/**
 * What kube-score asks of production (its names in brackets), where its binary is not at hand, and more strictly where we
 * promise more. One exception, the same for all: CPU is requested but has no limit (kube-score's
 * --ignore-container-cpu-limit), because throttling costs latency and requests already protect the neighbours.
 */
export function findProductionProblems(manifests: readonly Manifest[]): string[] {
  const workloads = workloadsOf(manifests);
  return [
    ...workloads.flatMap((workload) => workload.containers.flatMap((one) => containerProblems(one, workload))),
    ...workloads.filter(({ manifest }) => manifest.kind === 'Deployment').flatMap((one) => spreadProblems(one)),
    ...workloads
      .filter(({ manifest }) => manifest.kind === 'Deployment')
      .flatMap((one) => availabilityProblems(one, manifests)),
    ...workloads.filter(({ manifest }) => manifest.kind === 'Job').flatMap(jobProblems),
    ...referenceProblems(manifests, workloads),
  ];
}

/** [container-resources, container-ephemeral-storage…, container-image-tag, container-image-pull-policy, …readonlyrootfilesystem] */
function containerProblems(container: ContainerSpec, { manifest, title }: Workload): string[] {
  const { limits = {}, requests = {} } = container.resources ?? {};
  const tag = container.image?.split('/').at(-1)?.split(':')[1] ?? 'latest';
  const names = (container.env ?? []).map(({ name }) => name);
  const rules: [broken: boolean, problem: string][] = [
    [requests.cpu === undefined, 'requests no CPU'],
    [requests.memory === undefined, 'requests no memory'],
    [limits.memory === undefined, 'has no memory limit'],
    [requests['ephemeral-storage'] === undefined, 'requests no ephemeral storage'],
    [limits['ephemeral-storage'] === undefined, 'has no limit of ephemeral storage'],
    [['latest', 'dev'].includes(tag), `runs the image tag ${tag}`],
    [container.imagePullPolicy !== 'Always', 'may run an image that its registry has replaced'],
    [container.securityContext?.readOnlyRootFilesystem !== true, 'may write to its image'],
    [new Set(names).size !== names.length, 'sets a variable twice'],
    ...(manifest.kind === 'Job' ? [] : probeRules(container)),
  ];
  return rules.filter(([broken]) => broken).map(([, problem]) => `${title} ${container.name} ${problem}`);
}

/** [pod-probes, pod-probes-identical] */
function probeRules({
  livenessProbe,
  ports = [],
  readinessProbe,
  startupProbe,
}: ContainerSpec): [broken: boolean, problem: string][] {
  const all = [startupProbe, livenessProbe, readinessProbe];
  const unnamed = all.filter((probe) => !ports.some(({ name }) => name === probe?.httpGet?.port));
  return [
    [startupProbe === undefined, 'has no startup probe'],
    [livenessProbe === undefined, 'has no liveness probe'],
    [readinessProbe === undefined, 'has no readiness probe'],
    [isDeepStrictEqual(livenessProbe?.httpGet, readinessProbe?.httpGet), 'asks the same for liveness and readiness'],
    [unnamed.length > 0, 'probes a port that it does not name'],
  ];
}

/** [deployment-has-host-podantiaffinity, pod-topology-spread-constraints, …selector-labels-match…, deployment-strategy] */
function spreadProblems({ labels, manifest, pod, selector, title }: Workload): string[] {
  const constraints = pod.topologySpreadConstraints ?? [];
  const strategy = (manifest.spec as { strategy?: { type?: string; rollingUpdate?: { maxUnavailable?: unknown } } })
    .strategy;
  const rules: [broken: boolean, problem: string][] = [
    [pod.affinity?.podAntiAffinity === undefined, 'may put all its pods on one node'],
    [constraints.length === 0, 'is not spread over nodes and zones'],
    [!constraints.every(({ labelSelector }) => selects(labelSelector?.matchLabels ?? {}, labels)), 'spreads others'],
    [selector === undefined || !selects(selector, labels), 'does not select its own pods'],
    [strategy?.type !== 'RollingUpdate' || strategy.rollingUpdate?.maxUnavailable !== 0, 'takes pods away first'],
  ];
  return rules.filter(([broken]) => broken).map(([, problem]) => `${title} ${problem}`);
}

interface ScalerSpec {
  minReplicas?: number;
  maxReplicas?: number;
  scaleTargetRef: { kind: string; name: string };
}

/** [deployment-has-poddisruptionbudget, deployment-replicas, deployment-targeted-by-hpa-…, horizontalpodautoscaler-replicas] */
function availabilityProblems({ labels, manifest, title }: Workload, manifests: readonly Manifest[]): string[] {
  const { replicas } = manifest.spec as { replicas?: number };
  const budget = manifests.find(
    ({ kind, spec }) =>
      kind === 'PodDisruptionBudget' &&
      selects((spec as { selector: { matchLabels: Record<string, string> } }).selector.matchLabels, labels),
  );
  const scaler = manifests.find(
    ({ kind, spec }) =>
      kind === 'HorizontalPodAutoscaler' && (spec as ScalerSpec).scaleTargetRef.name === manifest.metadata.name,
  )?.spec as ScalerSpec | undefined;
  const replicasMin = scaler ? (scaler.minReplicas ?? 1) : (replicas ?? 1);
  const rules: [broken: boolean, problem: string][] = [
    [budget === undefined, 'has no disruption budget'],
    [scaler !== undefined && replicas !== undefined, 'sets replicas beside its autoscaler'],
    [replicasMin < 2, 'may run with one pod'],
  ];
  return rules.filter(([broken]) => broken).map(([, problem]) => `${title} ${problem}`);
}

/** A Job that fails has to end, and what it leaves has to go. */
function jobProblems({ manifest, title }: Workload): string[] {
  const spec = manifest.spec as Record<string, unknown>;
  return ['activeDeadlineSeconds', 'backoffLimit', 'ttlSecondsAfterFinished']
    .filter((field) => spec[field] === undefined)
    .map((field) => `${title} has no ${field}`);
}

/** [service-targets-pod, service-type, horizontalpodautoscaler-has-target, networkpolicy-targets-pod] and what pods refer to. */
function referenceProblems(manifests: readonly Manifest[], workloads: readonly Workload[]): string[] {
  const problems: string[] = [];
  const has = (kind: string, name: string) => manifests.some((one) => one.kind === kind && one.metadata.name === name);
  for (const manifest of manifests) {
    const spec = manifest.spec as {
      selector?: Record<string, string>;
      type?: string;
      ports?: { targetPort: unknown }[];
    };
    if (manifest.kind !== 'Service') continue;
    if (spec.type !== 'ClusterIP') problems.push(`${titleOf(manifest)} is of type ${spec.type}`);
    const target = workloads.find(({ labels }) => selects(spec.selector ?? {}, labels));
    const names = target?.containers.flatMap(({ ports = [] }) => ports.map(({ name }) => name)) ?? [];
    if (!target) problems.push(`${titleOf(manifest)} leads to no pod`);
    for (const { targetPort } of spec.ports ?? [])
      if (target && !names.includes(String(targetPort))) problems.push(`${titleOf(manifest)} leads to no port`);
  }
  for (const { pod, title } of workloads) {
    if (!has('ServiceAccount', pod.serviceAccountName ?? '')) problems.push(`${title} has no account of its own`);
    for (const { name } of configMapsOf(pod.containers))
      if (!has('ConfigMap', name)) problems.push(`${title} reads the ConfigMap ${name}, which is not rendered`);
  }
  return problems;
}

function configMapsOf(containers: readonly ContainerSpec[]): { name: string }[] {
  return containers.flatMap((container) =>
    ((container as { envFrom?: { configMapRef?: { name: string } }[] }).envFrom ?? []).flatMap(({ configMapRef }) =>
      configMapRef ? [configMapRef] : [],
    ),
  );
}
