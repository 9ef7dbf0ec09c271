import type { Manifest } from '../render/metadata.ts';
import { type ContainerSpec, type PodSpec, type Workload, workloadsOf } from './workloads.ts';

// Pod Security Standards, profile "restricted" (which includes "baseline"), control by control.
const VOLUME_TYPES = [
  'configMap',
  'csi',
  'downwardAPI',
  'emptyDir',
  'ephemeral',
  'persistentVolumeClaim',
  'projected',
  'secret',
];
const SECCOMP_TYPES = ['RuntimeDefault', 'Localhost'];

/** What the API server would refuse in a namespace that enforces `restricted`, and a namespace that does not enforce it. */
export function findPodSecurityProblems(manifests: readonly Manifest[]): string[] {
  const namespaces = manifests.filter(({ kind }) => kind === 'Namespace');
  const lax = namespaces.filter(
    ({ metadata }) => metadata.labels?.['pod-security.kubernetes.io/enforce'] !== 'restricted',
  );
  return [
    ...lax.map(({ metadata }) => `Namespace ${metadata.name} does not enforce restricted`),
    ...workloadsOf(manifests).flatMap((workload) => [
      ...podProblems(workload.pod).map((problem) => `${workload.title} ${problem}`),
      ...workload.containers.flatMap((container) => containerProblems(container, workload)),
    ]),
  ];
}

function podProblems(pod: PodSpec): string[] {
  const problems: string[] = [];
  for (const field of ['hostNetwork', 'hostPID', 'hostIPC'] as const) if (pod[field]) problems.push(`uses ${field}`);
  for (const volume of pod.volumes ?? []) {
    const type = Object.keys(volume).find((key) => key !== 'name') ?? 'emptyDir';
    if (!VOLUME_TYPES.includes(type)) problems.push(`mounts a ${type}`);
  }
  if (pod.automountServiceAccountToken !== false) problems.push('mounts a token of the API server');
  if (pod.enableServiceLinks !== false) problems.push('gets variables for every Service of the namespace');
  return problems;
}

function containerProblems(container: ContainerSpec, { pod, title }: Workload): string[] {
  const own = container.securityContext ?? {};
  const user = own.runAsUser ?? pod.securityContext?.runAsUser;
  const seccomp = own.seccompProfile?.type ?? pod.securityContext?.seccompProfile?.type ?? 'none';
  const added = (own.capabilities?.add ?? []).filter((name) => name !== 'NET_BIND_SERVICE');
  const rules: [broken: boolean, problem: string][] = [
    [own.privileged === true, 'is privileged'],
    [own.allowPrivilegeEscalation !== false, 'may escalate its privileges'],
    [own.capabilities?.drop?.includes('ALL') !== true, 'keeps capabilities'],
    [added.length > 0, `adds the capabilities ${added.join(', ')}`],
    [(own.runAsNonRoot ?? pod.securityContext?.runAsNonRoot) !== true, 'may run as root'],
    [user === undefined, 'has no numeric user, which runAsNonRoot needs'],
    [user === 0, 'runs as root'],
    [!SECCOMP_TYPES.includes(seccomp), `has the seccomp profile ${seccomp}`],
    [(own.procMount ?? 'Default') !== 'Default', 'unmasks /proc'],
    [(container.ports ?? []).some(({ hostPort }) => hostPort !== undefined), 'takes a port of the node'],
  ];
  return rules.filter(([broken]) => broken).map(([, problem]) => `${title} ${container.name} ${problem}`);
}
