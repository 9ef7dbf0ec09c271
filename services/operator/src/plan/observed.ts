import type { ConditionReason } from '../shop/reasons.ts';

/** A live object, as far as plans look into it. Managed fields are dropped when it is read. */
export interface LiveObject {
  apiVersion: string;
  kind: string;
  metadata: {
    name: string;
    namespace?: string;
    uid?: string;
    generation?: number;
    resourceVersion?: string;
    labels?: Record<string, string>;
    annotations?: Record<string, string>;
    ownerReferences?: { uid: string }[];
    deletionTimestamp?: string;
  };
  spec?: Record<string, unknown>;
  status?: Record<string, unknown>;
  [field: string]: unknown;
}

/** What is wrong with a pod in a way that waiting does not mend. */
export interface PodTrouble {
  reason: Extract<ConditionReason, 'ImagePullFailed' | 'ContainerCrashed'>;
  message: string;
}

export interface PodFact {
  name: string;
  /** `app.kubernetes.io/name`. */
  app: string;
  /** Name of its Job, empty for others. */
  job: string;
  /** What it runs, by the annotation of its template. */
  revision: string;
  trouble?: PodTrouble;
  /** The last line that it wrote before it crashed. */
  logLine?: string;
}

/** Everything a plan may know of the cluster. */
export interface Observed {
  /** The objects of this Shop by `<kind>/<name>`. */
  objects: ReadonlyMap<string, LiveObject>;
  /** Content of the generated key, undefined when its Secret does not exist. */
  key: string | undefined;
  /** Secrets made outside and the keys in them; one that does not exist is missing here. */
  externalSecrets: Readonly<Record<string, readonly string[]>>;
  pods: readonly PodFact[];
  /** Whether the cluster knows HTTPRoutes. */
  hasGatewayApi: boolean;
}

export function keyOf({ kind, metadata }: { kind: string; metadata: { name: string } }): string {
  return `${kind}/${metadata.name}`;
}

interface ContainerState {
  waiting?: { reason?: string; message?: string };
  terminated?: { exitCode: number; reason?: string };
}

interface PodStatus {
  containerStatuses?: { restartCount: number; state?: ContainerState; lastState?: ContainerState; image?: string }[];
}

const PULL_REASONS = new Set(['ImagePullBackOff', 'InvalidImageName', 'ErrImageNeverPull']);
/** The second restart within seconds is no accident; the back-off makes every further one slower. */
const RESTARTS_MIN = 2;

/** What a plan has to know of a pod. */
export function podFactOf({ metadata, status }: LiveObject, revisionAnnotation: string): PodFact {
  const { annotations = {}, labels = {} } = metadata;
  const trouble = troubleOf((status ?? {}) as PodStatus);
  return {
    name: metadata.name,
    app: labels['app.kubernetes.io/name'] ?? '',
    job: labels['batch.kubernetes.io/job-name'] ?? '',
    revision: annotations[revisionAnnotation] ?? '',
    ...(trouble ? { trouble } : {}),
  };
}

function troubleOf({ containerStatuses = [] }: PodStatus): PodTrouble | undefined {
  for (const { image = '', lastState, restartCount, state } of containerStatuses) {
    const waiting = state?.waiting;
    if (waiting?.reason !== undefined && PULL_REASONS.has(waiting.reason))
      return { reason: 'ImagePullFailed', message: `the image ${image} cannot be pulled (${waiting.reason})` };
    if (waiting?.reason === 'CrashLoopBackOff' && restartCount >= RESTARTS_MIN) {
      const { exitCode, reason } = lastState?.terminated ?? { exitCode: -1 };
      return {
        reason: 'ContainerCrashed',
        message: `its container ended with exit code ${exitCode}${reason && reason !== 'Error' ? ` (${reason})` : ''} again and again`,
      };
    }
  }
  return undefined;
}
