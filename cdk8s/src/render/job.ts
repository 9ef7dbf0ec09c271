import { createHash } from 'node:crypto';
import { k8s } from 'cdk8s-plus-27';
import type { Construct } from 'constructs';
import { environmentOf } from '../model/environment.ts';
import type { PlatformOptions } from '../model/options.ts';
import type { ServiceModel } from '../model/platform.ts';
import { labels, type Manifest } from './metadata.ts';
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

export type JobCommand = 'migrate' | 'seed';

/** `order-service-migrate`: what selectors use. */
export function jobAppName(service: ServiceModel, command: JobCommand): string {
  return `${service.name}-${command}`;
}

/**
 * The name of a rendered Job, `order-service-migrate-7f430bae-91c2d4`: the schema's revision, then six digits over its pod
 * template. A Job is immutable, so that a new image or variable has to make a new one; the same template never does.
 */
export function withNameOfTemplate(manifest: Manifest): Manifest {
  if (manifest.kind !== 'Job') return manifest;
  const { template } = manifest.spec as { template: unknown };
  const digits = createHash('sha256').update(JSON.stringify(template)).digest('hex').slice(0, 6);
  return { ...manifest, metadata: { ...manifest.metadata, name: `${manifest.metadata.name}-${digits}` } };
}

/** A migration or the demo data: the service's image with another command, as the owner of the database. */
export function renderJob(
  scope: Construct,
  { service, command }: { service: ServiceModel; command: JobCommand },
  options: PlatformOptions,
): void {
  const app = jobAppName(service, command);
  const podLabels = labels(app, command, options);
  new k8s.KubeJob(scope, `${app}-job`, {
    metadata: {
      name: `${app}-${options.schemaRevisionOf(service.name)}`,
      namespace: options.namespace,
      labels: podLabels,
    },
    spec: {
      backoffLimit: 10,
      activeDeadlineSeconds: 600,
      ttlSecondsAfterFinished: 86_400,
      template: {
        metadata: { labels: podLabels },
        spec: {
          ...POD_DEFAULTS,
          restartPolicy: 'OnFailure',
          serviceAccountName: service.name,
          securityContext: restrictedPod(SERVICE_UID),
          containers: [
            {
              name: command,
              image: options.imageOf(service.name),
              imagePullPolicy: options.imagePullPolicy,
              // Production and development image alike have Node as entry point and main.js in the working folder.
              args: ['main.js', command],
              env: toEnvVars(environmentOf(service, options.environment, command)),
              resources: toResourceRequirements({ cpuRequest: '25m', memoryRequest: '96Mi', memoryLimit: '512Mi' }),
              securityContext: restrictedContainer({ writableRoot: options.writableRoot }),
              volumeMounts: [TMP_MOUNT],
            },
          ],
          volumes: [TMP_VOLUME],
        },
      },
    },
  });
}
