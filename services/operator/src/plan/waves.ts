import { SERVICE_NAMES, SERVICES, type ServiceName, wavesOf } from '@souk/cdk8s';
import { REVISION_ANNOTATION } from '../shop/shop.ts';
import type { Course } from './course.ts';
import { failRollout, type Trouble, troubleOfPod } from './failure.ts';
import { hasExceededDeadline, isDeploymentSettled, podCounts, refusalOfPods } from './health.ts';
import type { Pass } from './pass.ts';
import type { Plan } from './plan.ts';

const WAVES = wavesOf(SERVICES) as ServiceName[][];

/**
 * Brings the services to their revision, callees first; on the way back, callers first. A wave begins when the one before
 * has nothing but new, available pods. A Shop that has settled is past that: there every service is repaired at once.
 */
export function rollWaves(pass: Pass, course: Course): Plan | undefined {
  const { desired, isRollingBack, revision } = course;
  const { current, rendered } = pass.status;
  const isSettled = !isRollingBack && current?.id === revision.id && rendered === desired.rendered;
  const waves = isRollingBack ? [...WAVES].reverse() : WAVES;
  const late: ServiceName[] = [];
  for (const wave of waves) {
    const waiting = bringUpWave(pass, course, wave);
    late.push(...waiting);
    const trouble = isRollingBack ? undefined : findTrouble(pass, course, waiting);
    if (trouble) {
      pass.condition('ServicesAvailable', 'False', trouble);
      summarizeServices(pass, course);
      return failRollout(pass, course.phase, trouble);
    }
    if (late.length > 0 && !isSettled) break;
  }
  summarizeServices(pass, course);
  if (late.length === 0) {
    pass.condition('ServicesAvailable', 'True', { reason: 'Done', message: 'Every service has all its pods' });
    return undefined;
  }
  const refusal = late.map((name) => refusalOfPods(pass.live(desired.services[name].deployment))).find(Boolean);
  const message = `Waiting for ${late.join(', ')}${refusal ? `: ${refusal}` : ''}`;
  const told = { reason: refusal ? 'PodsRefused' : 'WaitingForServices', message } as const;
  pass.condition('ServicesAvailable', 'False', told);
  // A pod that restarts and an autoscaler that adds some do not make a shop that serves unready.
  const serves = late.every((name) => podCounts(pass.live(desired.services[name].deployment)).ready > 0);
  return isSettled && serves ? undefined : pass.waiting(course.phase, told);
}

/** Answers those that are not as desired yet, and tells when their Deployments change. */
function bringUpWave(pass: Pass, course: Course, wave: readonly ServiceName[]): ServiceName[] {
  const before = pass.changes.length;
  const waiting = wave.filter((name) => !bringUp(pass, course, name));
  const changed = pass.changes
    .slice(before)
    .flatMap(({ how, manifest }) =>
      manifest.kind === 'Deployment' && how === 'apply' ? [manifest.metadata.name] : [],
    );
  if (changed.length > 0 && !course.wasSettled) pass.event('WaveStarted', `New pods of ${changed.join(', ')}`);
  return waiting;
}

/** Answers whether the service is as desired and has settled. */
function bringUp(pass: Pass, { desired }: Course, name: ServiceName): boolean {
  const { config, deployment, replicas } = desired.services[name];
  const isChanged = pass.ensure([config, deployment]);
  const isScaled = replicas !== undefined && pass.ensureReplicas(deployment, replicas);
  return !isChanged && !isScaled && isDeploymentSettled(pass.live(deployment));
}

function findTrouble(pass: Pass, { desired }: Course, names: readonly ServiceName[]): Trouble | undefined {
  for (const name of names) {
    const { deployment } = desired.services[name];
    const live = pass.live(deployment);
    const changes = pass.changes.some(({ manifest }) => manifest.metadata.name === deployment.metadata.name);
    if (changes) continue;
    const pods = pass.observed.pods.filter(
      (pod) => pod.app === name && pod.revision === revisionOfTemplate(deployment),
    );
    for (const pod of pods) {
      const trouble = troubleOfPod(name, pod);
      if (trouble) return trouble;
    }
    if (hasExceededDeadline(live)) {
      const refusal = refusalOfPods(live);
      const why = refusal ?? 'its new pods did not become available in time';
      return { reason: refusal ? 'PodsRefused' : 'ProgressDeadlineExceeded', message: `${name}: ${why}` };
    }
  }
  return undefined;
}

function revisionOfTemplate({ spec }: Course['desired']['services'][ServiceName]['deployment']): string | undefined {
  const { template } = spec as { template: { metadata: { annotations?: Record<string, string> } } };
  return template.metadata.annotations?.[REVISION_ANNOTATION];
}

/** State of each service, for `kubectl get` and people. */
function summarizeServices(pass: Pass, { desired, revision }: Course): void {
  pass.status.services = SERVICE_NAMES.map((name) => ({
    name,
    image: revision.services[name].image,
    ...podCounts(pass.live(desired.services[name].deployment)),
  }));
}
