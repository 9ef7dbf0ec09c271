import { createHash } from 'node:crypto';
import { k8s } from 'cdk8s-plus-27';
import type { Construct } from 'constructs';
import { environmentOf } from '../model/environment.ts';
import type { PlatformOptions } from '../model/options.ts';
import type { ServiceModel } from '../model/platform.ts';
import { labels, metadata, selectorLabels } from './metadata.ts';
import {
  POD_DEFAULTS,
  restrictedContainer,
  restrictedPod,
  SERVICE_UID,
  TMP_MOUNT,
  TMP_VOLUME,
  toEnvVars,
  toResourceRequirements,
} from './pod.ts';

/** After SIGTERM a service has 25 s of its own; preStop takes 5 s before it. */
export const TERMINATION_GRACE_SECONDS = 40;
export const PRE_STOP_SECONDS = 5;

/** Startup covers a cold node; liveness asks for the event loop only, readiness for what the service needs itself. */
function probes(): Pick<k8s.Container, 'startupProbe' | 'livenessProbe' | 'readinessProbe'> {
  const get = (path: string) => ({ path, port: k8s.IntOrString.fromString('ops') });
  return {
    startupProbe: { httpGet: get('/livez'), periodSeconds: 1, timeoutSeconds: 2, failureThreshold: 60 },
    livenessProbe: { httpGet: get('/livez'), periodSeconds: 10, timeoutSeconds: 3, failureThreshold: 6 },
    readinessProbe: { httpGet: get('/readyz'), periodSeconds: 3, timeoutSeconds: 3, failureThreshold: 2 },
  };
}

function containerPorts(service: ServiceModel): k8s.ContainerPort[] {
  if (service.opsPort !== service.port) {
    return [
      { name: 'http', containerPort: service.port },
      { name: 'ops', containerPort: service.opsPort },
    ];
  }
  return [{ name: 'ops', containerPort: service.port }];
}

function container(service: ServiceModel, options: PlatformOptions): k8s.Container {
  return {
    name: service.name,
    image: options.imageOf(service.name),
    imagePullPolicy: options.imagePullPolicy,
    ports: containerPorts(service),
    envFrom: [{ configMapRef: { name: service.name } }],
    env: toEnvVars(environmentOf(service, options.environment).filter((variable) => 'secret' in variable)),
    resources: toResourceRequirements(options.scaleOf(service.name).resources),
    securityContext: restrictedContainer({ writableRoot: options.writableRoot }),
    volumeMounts: [TMP_MOUNT],
    ...probes(),
  };
}

/** Spread over nodes and zones where there are several; never Pending where there is one. */
function spread(
  service: ServiceModel,
  options: PlatformOptions,
): Pick<k8s.PodSpec, 'topologySpreadConstraints' | 'affinity'> {
  const labelSelector = { matchLabels: selectorLabels(service.name, options) };
  const constraint = (topologyKey: string) => ({
    maxSkew: 1,
    topologyKey,
    whenUnsatisfiable: 'ScheduleAnyway',
    labelSelector,
    // Each version is spread by itself: else a rollout leaves the new pods where the old ones were not.
    matchLabelKeys: ['pod-template-hash'],
  });
  return {
    topologySpreadConstraints: [constraint('kubernetes.io/hostname'), constraint('topology.kubernetes.io/zone')],
    affinity: {
      podAntiAffinity: {
        preferredDuringSchedulingIgnoredDuringExecution: [
          { weight: 100, podAffinityTerm: { topologyKey: 'kubernetes.io/hostname', labelSelector } },
        ],
      },
    },
  };
}

/** The variables of a service that are no secret; they make its ConfigMap. */
function literalsOf(service: ServiceModel, options: PlatformOptions): Record<string, string> {
  return Object.fromEntries(
    environmentOf(service, options.environment).flatMap((variable) =>
      'value' in variable ? [[variable.name, variable.value]] : [],
    ),
  );
}

function checksum(literals: Record<string, string>): string {
  return createHash('sha256').update(JSON.stringify(literals)).digest('hex').slice(0, 16);
}

export function renderConfigMap(scope: Construct, service: ServiceModel, options: PlatformOptions): void {
  new k8s.KubeConfigMap(scope, `${service.name}-config`, {
    metadata: metadata(service.name, 'service', options),
    data: literalsOf(service, options),
  });
}

export function renderDeployment(scope: Construct, service: ServiceModel, options: PlatformOptions): void {
  const scale = options.scaleOf(service.name);
  new k8s.KubeDeployment(scope, `${service.name}-deployment`, {
    metadata: { ...metadata(service.name, 'service', options), annotations: { 'souk.dev/purpose': service.purpose } },
    spec: {
      ...(scale.autoscaling ? {} : { replicas: scale.replicas }),
      revisionHistoryLimit: 5,
      progressDeadlineSeconds: 300,
      selector: { matchLabels: selectorLabels(service.name, options) },
      strategy: {
        type: 'RollingUpdate',
        rollingUpdate: { maxUnavailable: k8s.IntOrString.fromNumber(0), maxSurge: k8s.IntOrString.fromNumber(1) },
      },
      template: {
        metadata: {
          labels: labels(service.name, 'service', options),
          // A container reads its ConfigMap once, when it starts: another content has to make another pod.
          annotations: { 'souk.dev/config-checksum': checksum(literalsOf(service, options)) },
        },
        spec: {
          ...POD_DEFAULTS,
          serviceAccountName: service.name,
          securityContext: restrictedPod(SERVICE_UID),
          terminationGracePeriodSeconds: TERMINATION_GRACE_SECONDS,
          containers: [container(service, options)],
          volumes: [TMP_VOLUME],
          ...spread(service, options),
        },
      },
    },
  });
}

export function renderServiceAndAccount(scope: Construct, service: ServiceModel, options: PlatformOptions): void {
  new k8s.KubeServiceAccount(scope, `${service.name}-account`, {
    metadata: metadata(service.name, 'service', options),
    automountServiceAccountToken: false,
  });
  new k8s.KubeService(scope, `${service.name}-service`, {
    metadata: metadata(service.name, 'service', options),
    spec: {
      type: 'ClusterIP',
      selector: selectorLabels(service.name, options),
      ports: [
        {
          name: 'http',
          port: service.port,
          targetPort: k8s.IntOrString.fromString(service.opsPort === service.port ? 'ops' : 'http'),
          appProtocol: 'http',
        },
      ],
    },
  });
}

/** Autoscaler and disruption budget, where the environment wants them. */
export function renderScaling(scope: Construct, service: ServiceModel, options: PlatformOptions): void {
  const { autoscaling } = options.scaleOf(service.name);
  if (autoscaling) {
    new k8s.KubeHorizontalPodAutoscalerV2(scope, `${service.name}-autoscaler`, {
      metadata: metadata(service.name, 'service', options),
      spec: {
        minReplicas: autoscaling.min,
        maxReplicas: autoscaling.max,
        scaleTargetRef: { apiVersion: 'apps/v1', kind: 'Deployment', name: service.name },
        metrics: [
          {
            type: 'Resource',
            resource: { name: 'cpu', target: { type: 'Utilization', averageUtilization: autoscaling.cpuPercent } },
          },
        ],
        // Adding is quick, removing waits five minutes: a shop's load comes in waves.
        behavior: { scaleDown: { stabilizationWindowSeconds: 300 } },
      },
    });
  }
  if (options.disruptionBudgets) {
    new k8s.KubePodDisruptionBudget(scope, `${service.name}-budget`, {
      metadata: metadata(service.name, 'service', options),
      spec: {
        maxUnavailable: k8s.IntOrString.fromNumber(1),
        // A pod that does not get ready serves nobody: it must not keep a node from being drained.
        unhealthyPodEvictionPolicy: 'AlwaysAllow',
        selector: { matchLabels: selectorLabels(service.name, options) },
      },
    });
  }
}
