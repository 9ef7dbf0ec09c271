import { setTimeout as sleep } from 'node:timers/promises';
import { at, type Kube, type KubeObject } from './kube.ts';

/**
 * What the controllers and the kubelet of a cluster would do, as far as an operator sees it: workloads become available,
 * Jobs complete, and pods of a bad image never do. For tests with an API server alone.
 */
export class StandInControllers {
  readonly #kube: Kube;
  #isStopped = false;
  #loop: Promise<void> = Promise.resolve();
  /** Images whose Deployments make no progress. */
  readonly badImages = new Set<string>();

  constructor(kube: Kube) {
    this.#kube = kube;
  }

  start(): void {
    this.#loop = this.#run();
  }

  async stop(): Promise<void> {
    this.#isStopped = true;
    await this.#loop;
  }

  async #run(): Promise<void> {
    while (!this.#isStopped) {
      const objects = await this.#kube.list('deployments,statefulsets,jobs').catch(() => []);
      const patches = objects.flatMap((object) => {
        const status = this.#statusOf(object);
        const isNews = status && Object.entries(status).some(([key, value]) => !same(object.status?.[key], value));
        return isNews ? [{ object, status }] : [];
      });
      await Promise.all(patches.map(({ object, status }) => this.#patch(object, status)));
      await sleep(patches.length > 0 ? 50 : 300);
    }
  }

  async #patch({ kind, metadata }: KubeObject, status: unknown): Promise<void> {
    const args = [
      'patch',
      kind,
      metadata.name,
      '--subresource=status',
      '--type=merge',
      '-p',
      JSON.stringify({ status }),
    ];
    await this.#kube.kubectl(args).catch(() => undefined);
  }

  #statusOf({ kind, metadata, spec, status }: KubeObject): Record<string, unknown> | undefined {
    const observedGeneration = metadata.generation;
    const replicas = Number(spec?.replicas ?? 1);
    const now = new Date().toISOString();
    switch (kind) {
      case 'StatefulSet':
        return { observedGeneration, replicas, readyReplicas: replicas };
      case 'Job': {
        if (status?.completionTime) return undefined;
        const of = (type: string) => ({ type, status: 'True', lastTransitionTime: now, lastProbeTime: now });
        const conditions = [of('SuccessCriteriaMet'), of('Complete')];
        return { startTime: now, completionTime: now, succeeded: 1, conditions };
      }
      case 'Deployment': {
        const isBad = this.badImages.has(String(at(spec, 'template.spec.containers.0.image')));
        const lost = {
          type: 'Progressing',
          status: 'False',
          reason: 'ProgressDeadlineExceeded',
          message: 'stuck',
          lastTransitionTime: '2026-01-01T00:00:00Z',
          lastUpdateTime: '2026-01-01T00:00:00Z',
        };
        if (isBad) return { observedGeneration, replicas: replicas + 1, updatedReplicas: 1, conditions: [lost] };
        const counts = { replicas, updatedReplicas: replicas, readyReplicas: replicas, availableReplicas: replicas };
        return { observedGeneration, ...counts, conditions: [] };
      }
      default:
        return undefined;
    }
  }
}

function same(live: unknown, wanted: unknown): boolean {
  if (Array.isArray(wanted) && wanted.length === 0)
    return live === undefined || (Array.isArray(live) && live.length === 0);
  return JSON.stringify(live) === JSON.stringify(wanted);
}
