import type { LiveObject } from './observed.ts';

interface WorkloadStatus {
  observedGeneration?: number;
  replicas?: number;
  updatedReplicas?: number;
  availableReplicas?: number;
  readyReplicas?: number;
  conditions?: { type: string; status: string; reason?: string; message?: string }[];
}

const statusOf = (object: LiveObject): WorkloadStatus => (object.status ?? {}) as WorkloadStatus;
const wantedOf = (object: LiveObject): number => Number(object.spec?.replicas ?? 1);

const isObserved = (object: LiveObject) =>
  (statusOf(object).observedGeneration ?? 0) >= (object.metadata.generation ?? 1);

/** Every pod is of the newest kind and available, and no other is left. */
export function isDeploymentSettled(object: LiveObject | undefined): boolean {
  if (!object) return false;
  const { availableReplicas = 0, replicas = 0, updatedReplicas = 0 } = statusOf(object);
  const wanted = wantedOf(object);
  return isObserved(object) && updatedReplicas === wanted && replicas === wanted && availableReplicas === wanted;
}

export function isStatefulSetReady(object: LiveObject | undefined): boolean {
  if (!object || !isObserved(object)) return false;
  return (statusOf(object).readyReplicas ?? 0) >= wantedOf(object);
}

export function podCounts(object: LiveObject | undefined): { ready: number; wanted: number } {
  if (!object) return { ready: 0, wanted: 0 };
  return { ready: statusOf(object).availableReplicas ?? 0, wanted: wantedOf(object) };
}

const conditionOf = (object: LiveObject, type: string) =>
  statusOf(object).conditions?.find((condition) => condition.type === type && condition.status === 'True');

export function isJobComplete(object: LiveObject | undefined): boolean {
  return object !== undefined && conditionOf(object, 'Complete') !== undefined;
}

/** Why a Job has failed for good, undefined while it may still succeed. */
export function jobFailure(object: LiveObject | undefined): string | undefined {
  const failed = object && conditionOf(object, 'Failed');
  return failed && (failed.message ?? failed.reason ?? 'the Job failed');
}

/** Whether a rollout has gone without progress for longer than it may. */
export function hasExceededDeadline(object: LiveObject | undefined): boolean {
  if (!object || !isObserved(object)) return false;
  return (
    statusOf(object).conditions?.some(
      ({ reason, status, type }) =>
        type === 'Progressing' && status === 'False' && reason === 'ProgressDeadlineExceeded',
    ) ?? false
  );
}

/** What the API server says against new pods, a quota for example. */
export function refusalOfPods(object: LiveObject | undefined): string | undefined {
  return object && conditionOf(object, 'ReplicaFailure')?.message;
}
