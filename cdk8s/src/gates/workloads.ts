import type { Manifest } from '../render/metadata.ts';

/** What the gates read of a container; everything may be missing, that is what they look for. */
export interface ContainerSpec {
  name: string;
  image?: string;
  imagePullPolicy?: string;
  env?: { name: string }[];
  ports?: { name?: string; containerPort: number; hostPort?: number }[];
  resources?: { requests?: Record<string, string>; limits?: Record<string, string> };
  securityContext?: {
    allowPrivilegeEscalation?: boolean;
    privileged?: boolean;
    readOnlyRootFilesystem?: boolean;
    runAsNonRoot?: boolean;
    runAsUser?: number;
    procMount?: string;
    capabilities?: { add?: string[]; drop?: string[] };
    seccompProfile?: { type: string };
  };
  startupProbe?: Probe;
  livenessProbe?: Probe;
  readinessProbe?: Probe;
}

export interface Probe {
  httpGet?: { path: string; port: string | number };
  [field: string]: unknown;
}

export interface PodSpec {
  automountServiceAccountToken?: boolean;
  enableServiceLinks?: boolean;
  hostNetwork?: boolean;
  hostPID?: boolean;
  hostIPC?: boolean;
  serviceAccountName?: string;
  securityContext?: {
    runAsNonRoot?: boolean;
    runAsUser?: number;
    runAsGroup?: number;
    seccompProfile?: { type: string };
  };
  affinity?: { podAntiAffinity?: unknown };
  topologySpreadConstraints?: { labelSelector?: { matchLabels?: Record<string, string> } }[];
  volumes?: Record<string, unknown>[];
  initContainers?: ContainerSpec[];
  containers: ContainerSpec[];
}

/** A Deployment, StatefulSet or Job with the pod that it makes. */
export interface Workload {
  manifest: Manifest;
  /** "Deployment order-service", for sentences. */
  title: string;
  labels: Record<string, string>;
  selector: Record<string, string> | undefined;
  pod: PodSpec;
  containers: ContainerSpec[];
}

interface WorkloadSpec {
  selector?: { matchLabels?: Record<string, string> };
  template: { metadata?: { labels?: Record<string, string> }; spec: PodSpec };
}

const WORKLOAD_KINDS = ['Deployment', 'StatefulSet', 'Job'];

/** "Deployment order-service" */
export function titleOf(manifest: Manifest): string {
  return `${manifest.kind} ${manifest.metadata.name}`;
}

/** Everything that makes pods. */
export function workloadsOf(manifests: readonly Manifest[]): Workload[] {
  return manifests
    .filter(({ kind }) => WORKLOAD_KINDS.includes(kind))
    .map((manifest) => {
      const { selector, template } = manifest.spec as WorkloadSpec;
      return {
        manifest,
        title: titleOf(manifest),
        labels: template.metadata?.labels ?? {},
        selector: selector?.matchLabels,
        pod: template.spec,
        containers: [...(template.spec.initContainers ?? []), ...template.spec.containers],
      };
    });
}

/** Whether a selector by labels takes an object with these labels; an empty one takes all. */
export function selects(selector: Readonly<Record<string, string>>, labels: Readonly<Record<string, string>>): boolean {
  return Object.entries(selector).every(([key, value]) => labels[key] === value);
}
