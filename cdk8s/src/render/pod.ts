import { k8s } from 'cdk8s-plus-27';
import type { EnvironmentVariable } from '../model/environment.ts';
import type { Resources } from '../model/platform.ts';

/** The user of the distroless images; numeric, because `runAsNonRoot` cannot check a name. */
export const SERVICE_UID = 65_532;

/** What Pod Security `restricted` asks of a pod. */
export function restrictedPod(uid: number): k8s.PodSecurityContext {
  return {
    runAsNonRoot: true,
    runAsUser: uid,
    runAsGroup: uid,
    fsGroup: uid,
    seccompProfile: { type: 'RuntimeDefault' },
  };
}

/** What Pod Security `restricted` asks of a container. */
export function restrictedContainer(options: { writableRoot?: boolean } = {}): k8s.SecurityContext {
  return {
    allowPrivilegeEscalation: false,
    privileged: false,
    capabilities: { drop: ['ALL'] },
    ...(options.writableRoot ? {} : { readOnlyRootFilesystem: true }),
  };
}

/** Requests and limits; CPU is requested, never limited. Ephemeral storage is the emptyDir at /tmp and the logs. */
export function toResourceRequirements(resources: Resources): k8s.ResourceRequirements {
  const quantity = (text: string) => k8s.Quantity.fromString(text);
  return {
    requests: {
      cpu: quantity(resources.cpuRequest),
      memory: quantity(resources.memoryRequest),
      'ephemeral-storage': quantity('32Mi'),
    },
    limits: { memory: quantity(resources.memoryLimit), 'ephemeral-storage': quantity('256Mi') },
  };
}

export function toEnvVars(variables: readonly EnvironmentVariable[]): k8s.EnvVar[] {
  return variables.map((variable) =>
    'secret' in variable
      ? { name: variable.name, valueFrom: { secretKeyRef: { name: variable.secret.name, key: variable.secret.key } } }
      : { name: variable.name, value: variable.value },
  );
}

/** A scratch folder: the root file system is read-only. */
export const TMP_VOLUME: k8s.Volume = { name: 'tmp', emptyDir: { sizeLimit: k8s.Quantity.fromString('64Mi') } };
export const TMP_MOUNT: k8s.VolumeMount = { name: 'tmp', mountPath: '/tmp' };

/** No token of the API server and no variables for every Service of the namespace. */
export const POD_DEFAULTS = { automountServiceAccountToken: false, enableServiceLinks: false } as const;
