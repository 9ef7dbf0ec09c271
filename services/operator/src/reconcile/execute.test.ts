import { describe, expect, it, vi } from 'vitest';
import { aShop } from '../../test/model-cluster.ts';
import { type KubernetesClient, KubernetesError } from '../kubernetes/client.ts';
import type { LiveObject, Observed } from '../plan/observed.ts';
import type { Plan } from '../plan/plan.ts';
import { type Executor, execute } from './execute.ts';

const observed: Observed = { objects: new Map(), key: 'key', externalSecrets: {}, pods: [], hasGatewayApi: false };
const ready = {
  type: 'Ready',
  status: 'False',
  reason: 'Installing',
  message: 'It begins',
  lastTransitionTime: '2026-01-01T00:00:00Z',
  observedGeneration: 1,
} as const;

function aPlan(more: Partial<Plan> = {}): Plan {
  const manifest = {
    apiVersion: 'apps/v1',
    kind: 'Deployment',
    metadata: { name: 'dev-order-service', namespace: 'shops' },
  };
  const apply: Plan['apply'] = [{ manifest, how: 'apply' }];
  return { apply, delete: [], status: { conditions: [ready] }, events: [], requeueAfterMs: undefined, ...more };
}

function anExecutor(client: Partial<KubernetesClient>) {
  const calls: string[] = [];
  const echo = (name: string) => (object: unknown) => {
    calls.push(name);
    return Promise.resolve(object as LiveObject);
  };
  const replaceStatus = vi.fn((object: LiveObject) => echo('status')(object));
  const fake = {
    apply: echo('apply'),
    create: echo('create'),
    mergePatch: echo('finalizer'),
    replaceStatus,
    ...client,
  };
  const logger = { info: () => {} };
  const executor = { client: fake, caches: { remember: () => {} }, logger } as unknown as Executor;
  return { executor, calls, replaceStatus };
}

describe('Carrying a plan out', () => {
  it('protects the Shop before it makes anything, and lets go of it last', async () => {
    const { calls, executor } = anExecutor({});
    await execute(aShop(), { plan: aPlan({ finalizer: 'add' }), observed }, executor);
    await execute(aShop(), { plan: aPlan({ finalizer: 'remove' }), observed }, executor);
    expect(calls).toEqual(['finalizer', 'apply', 'status', 'apply', 'status', 'finalizer']);
  });

  it('writes no status that says the same', async () => {
    const { calls, executor } = anExecutor({});
    const shop = { ...aShop(), status: { conditions: [ready] } };
    await execute(shop, { plan: aPlan({ apply: [] }), observed }, executor);
    expect(calls).toEqual([]);
  });

  it('tells what the API server refuses, and fails so that it is tried again', async () => {
    const refusal = new KubernetesError(403, 'Forbidden', 'exceeded quota: shops');
    const { executor, replaceStatus } = anExecutor({ apply: () => Promise.reject(refusal) });
    await expect(execute(aShop(), { plan: aPlan(), observed }, executor)).rejects.toBe(refusal);
    const told = { type: 'Ready', status: 'False', reason: 'ApplyFailed', message: 'exceeded quota: shops' };
    expect(replaceStatus.mock.calls[0]?.[0].status?.conditions).toMatchObject([told]);
  });

  it('writes no status when the API server is away', async () => {
    const { executor, replaceStatus } = anExecutor({
      apply: () => Promise.reject(new KubernetesError(503, 'Away', 'away')),
    });
    await expect(execute(aShop(), { plan: aPlan(), observed }, executor)).rejects.toThrow('away');
    expect(replaceStatus).not.toHaveBeenCalled();
  });
});
