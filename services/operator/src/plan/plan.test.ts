import { SERVICE_NAMES, SERVICES, wavesOf } from '@souk/cdk8s';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { aShop, ModelCluster } from '../../test/model-cluster.ts';
import type { Release } from '../desired/catalogue.ts';
import { createRenderer } from '../desired/renderer.ts';
import type { ShopSpecInput } from '../shop/shop-spec.ts';
import { isDeploymentSettled } from './health.ts';
import { type Plan, type PlanContext, plan } from './plan.ts';

const release = (version: string, upgradeFrom = '0.1.0'): Release => ({ version, upgradeFrom, schemaRevisions: {} });
const context: PlanContext = {
  catalogue: [release('0.1.0'), release('0.2.0'), release('0.3.0', '0.2.0')],
  operatorImage: 'souk/operator:1',
  render: createRenderer(),
};
const now = new Date('2026-01-01T00:00:00Z');
const passOver = (cluster: ModelCluster): Plan => plan(cluster.shop, cluster.observe(), { now, context });

const conditionOf = ({ shop }: ModelCluster, type: string) =>
  shop.status?.conditions?.find((condition) => condition.type === type);

/** Passes and controllers in turn until nothing moves. */
function settle(cluster: ModelCluster, roundsMax = 200): void {
  for (let round = 0; round < roundsMax; round += 1) {
    const planned = passOver(cluster);
    const before = JSON.stringify([cluster.shop, [...cluster.objects]]);
    cluster.execute(planned);
    for (const step of cluster.steps()) step();
    if (JSON.stringify([cluster.shop, [...cluster.objects]]) === before) return;
  }
  expect.unreachable(`it did not settle: ${JSON.stringify(cluster.shop.status?.conditions)}`);
}

function aSettledCluster(spec: Partial<ShopSpecInput> = {}): ModelCluster {
  const cluster = new ModelCluster(aShop({ demoData: true, ...spec }));
  settle(cluster);
  return cluster;
}

/** Breaks a run into pieces: which controllers move, and after how many operations the operator dies. */
const schedule = fc.array(
  fc.record({ crashAfter: fc.option(fc.nat(40), { nil: undefined }), picks: fc.array(fc.nat(60), { maxLength: 12 }) }),
  { maxLength: 25 },
);

type Schedule = { crashAfter: number | undefined; picks: number[] }[];

function play(cluster: ModelCluster, turns: Schedule, check: (planned: Plan) => void = () => {}): void {
  for (const { crashAfter, picks } of turns) {
    const planned = passOver(cluster);
    check(planned);
    cluster.execute(planned, crashAfter);
    for (const pick of picks) {
      const steps = cluster.steps();
      steps[pick % Math.max(1, steps.length)]?.();
    }
  }
}

/** No service gets its new revision before everything that it calls has nothing but new, available pods. */
function expectCalleesFirst(cluster: ModelCluster, planned: Plan): void {
  const applied = new Map(
    planned.apply.map(({ manifest }) => [`${manifest.kind}/${manifest.metadata.name}`, manifest]),
  );
  for (const name of SERVICE_NAMES) {
    if (!applied.has(`Deployment/dev-${name}`)) continue;
    for (const callee of SERVICES[name].calls) {
      expect(applied.has(`Deployment/dev-${callee}`)).toBe(false);
      expect(isDeploymentSettled(cluster.get('Deployment', `dev-${callee}`))).toBe(true);
    }
  }
}

const runs = { numRuns: 30 };

describe('A plan', () => {
  it('installs under any order of events and any crash of the operator', { timeout: 60_000 }, () => {
    fc.assert(
      fc.property(schedule, (turns) => {
        const cluster = new ModelCluster(aShop({ demoData: true }));
        play(cluster, turns, (planned) => expectCalleesFirst(cluster, planned));
        settle(cluster);
        expect([...cluster.objects.keys()].filter((key) => key.startsWith('Secret/'))).toHaveLength(12);
        expect(conditionOf(cluster, 'Ready')?.status).toBe('True');
        expect(cluster.shop.status).toMatchObject({
          version: '0.1.0',
          phase: 'Running',
          seeded: ['user-service', 'product-service'],
        });
      }),
      runs,
    );
  });

  it('does nothing to a Shop that has settled', () => {
    const cluster = aSettledCluster();
    const planned = passOver(cluster);
    expect(planned).toMatchObject({ apply: [], delete: [], events: [], requeueAfterMs: undefined });
    expect(planned.finalizer).toBeUndefined();
    expect(planned.status).toEqual(cluster.shop.status);
  });

  it('says the same for the same', () => {
    const cluster = new ModelCluster(aShop());
    expect(passOver(cluster)).toEqual(passOver(cluster));
  });

  it('is idempotent wherever a run stands: said twice the same, done twice as good as once', {
    timeout: 60_000,
  }, () => {
    const installed = aSettledCluster();
    const keysOf = ({ apply }: Plan) => apply.map(({ manifest }) => `${manifest.kind}/${manifest.metadata.name}`);
    fc.assert(
      fc.property(schedule, fc.boolean(), (turns, isNew) => {
        const cluster = isNew ? new ModelCluster(aShop({ demoData: true })) : copyOf(installed);
        if (!isNew) cluster.edit({ version: '0.2.0' });
        play(cluster, turns);
        const planned = passOver(cluster);
        expect(passOver(cluster)).toEqual(planned);
        const [once, twice] = [copyOf(cluster), copyOf(cluster)];
        once.execute(planned);
        twice.execute(planned);
        twice.execute(planned);
        expect([twice.shop, [...twice.objects]]).toEqual([once.shop, [...once.objects]]);
        const again = new Set(keysOf(passOver(once)));
        expect(keysOf(planned).filter((key) => again.has(key))).toEqual([]);
      }),
      runs,
    );
  });

  it('upgrades callees first, under any order of events and any crash', { timeout: 60_000 }, () => {
    const installed = aSettledCluster();
    fc.assert(
      fc.property(schedule, (turns) => {
        const cluster = copyOf(installed);
        cluster.edit({ version: '0.2.0' });
        play(cluster, turns, (planned) => expectCalleesFirst(cluster, planned));
        settle(cluster);
        for (const name of SERVICE_NAMES) expect(cluster.imageOf(name)).toBe(`souk/${name}:0.2.0`);
        expect(cluster.shop.status).toMatchObject({ version: '0.2.0', phase: 'Running' });
      }),
      runs,
    );
  });

  it('leaves databases, broker and cache as they are in an upgrade', () => {
    const cluster = aSettledCluster();
    const dataTier = () =>
      [...cluster.objects.values()]
        .filter(({ kind, metadata }) => kind === 'StatefulSet' || metadata.name === 'dev-mailpit')
        .map(({ kind, metadata, spec }) => [kind, metadata.name, metadata.generation, spec]);
    const before = dataTier();
    expect(before.length).toBeGreaterThan(6);
    cluster.edit({ version: '0.2.0' });
    settle(cluster);
    expect(dataTier()).toEqual(before);
  });

  it('returns every image when any service of a version crashes, and does not try again', { timeout: 60_000 }, () => {
    const installed = aSettledCluster();
    fc.assert(
      fc.property(fc.constantFrom(...SERVICE_NAMES), schedule, (bad, turns) => {
        const cluster = copyOf(installed);
        cluster.badImages.add(`souk/${bad}:0.2.0`);
        cluster.edit({ version: '0.2.0' });
        play(cluster, turns);
        settle(cluster);
        for (const name of SERVICE_NAMES)
          expect(cluster.get('Deployment', `dev-${name}`)?.spec).toEqual(
            installed.get('Deployment', `dev-${name}`)?.spec,
          );
        expect(cluster.shop.status).toMatchObject({
          version: '0.1.0',
          phase: 'Degraded',
          failedTarget: { version: '0.2.0' },
        });
        expect(conditionOf(cluster, 'Degraded')).toMatchObject({ status: 'True', reason: 'ContainerCrashed' });
        expect(passOver(cluster)).toMatchObject({ apply: [], delete: [], events: [] });
        // Only another spec begins again.
        cluster.badImages.clear();
        cluster.edit({ services: { 'order-service': { env: { LOG_LEVEL: 'debug' } } } });
        settle(cluster);
        expect(cluster.shop.status).toMatchObject({ version: '0.2.0', phase: 'Running' });
      }),
      runs,
    );
  });

  it('goes to the last of several targets when a Shop is edited during a rollout', { timeout: 60_000 }, () => {
    const installed = aSettledCluster();
    fc.assert(
      fc.property(schedule, schedule, (first, second) => {
        const cluster = copyOf(installed);
        cluster.badImages.add('souk/product-service:0.2.0');
        cluster.edit({ version: '0.2.0' });
        play(cluster, first);
        cluster.edit({ version: '0.1.0', services: { 'api-gateway': { env: { LOG_LEVEL: 'warn' } } } });
        play(cluster, second);
        settle(cluster);
        for (const name of SERVICE_NAMES) expect(cluster.imageOf(name)).toBe(`souk/${name}:0.1.0`);
        expect(cluster.shop.status?.phase).toBe('Running');
        expect(cluster.shop.status?.failedTarget).toBeUndefined();
      }),
      runs,
    );
  });

  it('brings back whatever is deleted or changed, volumes and Secrets excepted', () => {
    const cluster = aSettledCluster();
    const jobs = new Set(['Job']);
    for (const [key, object] of [...cluster.objects]) {
      if (jobs.has(object.kind) || key === 'Secret/dev-key') continue;
      cluster.objects.delete(key);
      const planned = passOver(cluster);
      const [repair] = planned.apply.filter(({ manifest }) => `${manifest.kind}/${manifest.metadata.name}` === key);
      expect(repair, key).toBeDefined();
      expect(planned.events).toContainEqual(expect.objectContaining({ reason: 'DriftRepaired' }));
      cluster.objects.set(key, object);
    }
    const live = cluster.get('Deployment', 'dev-order-service');
    expect(live).toBeDefined();
    cluster.objects.set('Deployment/dev-order-service', { ...live, spec: { ...live?.spec, replicas: 5 } } as never);
    expect(passOver(cluster).apply).toMatchObject([{ how: 'scale', manifest: { spec: { replicas: 1 } } }]);
  });

  it('leaves replicas to an autoscaler', () => {
    const cluster = aSettledCluster({ services: { 'order-service': { autoscaling: { min: 2, max: 4 } } } });
    const live = cluster.get('Deployment', 'dev-order-service');
    expect(live?.spec).not.toHaveProperty('replicas');
    cluster.objects.set('Deployment/dev-order-service', { ...live, spec: { ...live?.spec, replicas: 4 } } as never);
    expect(passOver(cluster).apply).toEqual([]);
    cluster.edit({ services: {} });
    settle(cluster);
    expect(cluster.get('HorizontalPodAutoscaler', 'dev-order-service')).toBeUndefined();
    expect(cluster.get('Deployment', 'dev-order-service')?.spec?.replicas).toBe(1);
  });

  it('tells every step of an install and of an upgrade once, by fixed reasons and in order', () => {
    const cluster = new ModelCluster(aShop({ demoData: true }));
    const told: string[] = [];
    const settleAndListen = () => {
      for (let round = 0; round < 60; round += 1) {
        const planned = passOver(cluster);
        told.push(...planned.events.map(({ reason }) => reason));
        cluster.execute(planned);
        for (const step of cluster.steps()) step();
      }
      return told.splice(0);
    };
    const waves = wavesOf(SERVICES).map(() => 'WaveStarted');
    const install = ['InstallStarted', 'SecretsGenerated', 'DataReady', 'MessagingReady', 'MigrationsApplied'];
    expect(settleAndListen()).toEqual([...install, ...waves, 'ServicesAvailable', 'Verified', 'Installed']);
    cluster.edit({ version: '0.2.0' });
    const upgrade = ['UpgradeStarted', 'MigrationsApplied', ...waves, 'ServicesAvailable', 'Verified', 'Upgraded'];
    expect(settleAndListen()).toEqual(upgrade);
    cluster.badImages.add('souk/api-gateway:0.3.0');
    cluster.edit({ version: '0.3.0' });
    const failure = ['UpgradeFailed', 'RollbackStarted', ...waves, 'ServicesAvailable', 'RolledBack'];
    expect(settleAndListen()).toEqual(['UpgradeStarted', 'MigrationsApplied', ...waves, ...failure]);
  });

  it('lets the pods of one namespace read the metrics when the Shop says so, and no longer when it does not', () => {
    const cluster = aSettledCluster({ monitoring: { namespace: 'prometheus' } });
    expect(cluster.get('NetworkPolicy', 'dev-monitoring')?.spec).toMatchObject({
      podSelector: { matchLabels: { 'app.kubernetes.io/instance': 'dev', 'app.kubernetes.io/component': 'service' } },
      ingress: [{ from: [{ namespaceSelector: { matchLabels: { 'kubernetes.io/metadata.name': 'prometheus' } } }] }],
    });
    cluster.edit({ monitoring: {} });
    settle(cluster);
    expect(cluster.get('NetworkPolicy', 'dev-monitoring')).toBeUndefined();
  });

  it('runs no migration and no seed again, even when their Jobs are gone', () => {
    const cluster = aSettledCluster();
    for (const key of [...cluster.objects.keys()]) if (key.startsWith('Job/')) cluster.objects.delete(key);
    expect(passOver(cluster)).toMatchObject({ apply: [] });
  });

  it('returns before any service is touched when a migration fails', () => {
    const cluster = aSettledCluster();
    cluster.failingJobs.add('dev-order-service-migrate');
    cluster.edit({ version: '0.2.0' });
    settle(cluster);
    expect(cluster.shop.status).toMatchObject({
      version: '0.1.0',
      phase: 'Degraded',
      failedTarget: { reason: 'MigrationFailed' },
    });
    for (const name of SERVICE_NAMES) expect(cluster.imageOf(name)).toBe(`souk/${name}:0.1.0`);
  });

  it('returns when the smoke test fails', () => {
    const cluster = aSettledCluster();
    cluster.failingJobs.add('dev-smoke');
    cluster.edit({ version: '0.2.0' });
    settle(cluster);
    expect(cluster.shop.status).toMatchObject({ version: '0.1.0', failedTarget: { reason: 'VerificationFailed' } });
    for (const name of SERVICE_NAMES) expect(cluster.imageOf(name)).toBe(`souk/${name}:0.1.0`);
  });

  it('waits with a failed install, which has nothing to return to, and goes on once it is mended', () => {
    const cluster = new ModelCluster(aShop());
    cluster.badImages.add('souk/product-service:0.1.0');
    settle(cluster);
    expect(conditionOf(cluster, 'Degraded')).toMatchObject({ status: 'True', reason: 'ContainerCrashed' });
    expect(conditionOf(cluster, 'Degraded')?.message).toContain('its last log line: no');
    cluster.badImages.clear();
    settle(cluster);
    expect(conditionOf(cluster, 'Ready')?.status).toBe('True');
  });

  it('waits for approval when migrations are manual', () => {
    const cluster = new ModelCluster(aShop({ migrations: { policy: 'Manual' } }));
    settle(cluster);
    expect(conditionOf(cluster, 'MigrationsApplied')?.reason).toBe('WaitingForApproval');
    cluster.shop.metadata.annotations = { 'souk.dev/migrate': '0.1.0' };
    settle(cluster);
    expect(conditionOf(cluster, 'Ready')?.status).toBe('True');
  });
});

describe('A Shop that cannot be worked on', () => {
  it.each<[what: string, spec: Partial<ShopSpecInput>, reason: string, message: string]>([
    ['an unknown version', { version: '9.9.9' }, 'UnknownVersion', 'does not know version 9.9.9'],
    ['a version that needs one in between', { version: '0.3.0' }, 'UpgradeBlocked', 'upgrade to 0.2.0 first'],
    [
      'a Secret that does not exist',
      { messaging: { mode: 'External', secretRef: { name: 'amqp' } } },
      'SecretMissing',
      'The Secret amqp does not exist',
    ],
    [
      'a reserved variable',
      { services: { 'order-service': { env: { PORT: '1' } } } },
      'InvalidSpec',
      'PORT is set by the operator',
    ],
    ['an external part without a Secret', { cache: { mode: 'External' } }, 'InvalidSpec', 'secretRef is required'],
  ])('because of %s is told so, and nothing is touched', (_what, spec, reason, message) => {
    const cluster = aSettledCluster();
    cluster.edit(spec);
    const planned = passOver(cluster);
    expect(planned).toMatchObject({ apply: [], delete: [] });
    cluster.execute(planned);
    expect(conditionOf(cluster, 'Ready')).toMatchObject({ status: 'False', reason });
    expect(conditionOf(cluster, 'Ready')?.message).toContain(message);
    expect(passOver(cluster).events).toEqual([]);
  });

  it('because it is older than what runs is told so', () => {
    const cluster = aSettledCluster({ version: '0.2.0' });
    cluster.edit({ version: '0.1.0' });
    expect(passOver(cluster)).toMatchObject({ apply: [], events: [{ reason: 'UpgradeBlocked' }] });
  });

  it('because its key is lost is told so, and no password is made anew', () => {
    const cluster = aSettledCluster();
    cluster.objects.delete('Secret/dev-key');
    cluster.key = undefined;
    expect(passOver(cluster)).toMatchObject({ apply: [], events: [{ reason: 'KeyLost' }] });
  });

  it('while it is paused is left alone', () => {
    const cluster = aSettledCluster();
    cluster.edit({ paused: true });
    cluster.objects.delete('Deployment/dev-order-service');
    expect(passOver(cluster)).toMatchObject({ apply: [], status: { phase: 'Paused' } });
    cluster.edit({ paused: false });
    expect(passOver(cluster).apply).toHaveLength(1);
  });
});

describe('A Shop that is deleted', () => {
  const deleteIt = (cluster: ModelCluster) => {
    cluster.shop.metadata.deletionTimestamp = now.toISOString();
    cluster.objects.set('PersistentVolumeClaim/data-dev-postgres-users-0', {
      apiVersion: 'v1',
      kind: 'PersistentVolumeClaim',
      metadata: { name: 'data-dev-postgres-users-0' },
    });
    for (let round = 0; round < 10; round += 1) cluster.execute(passOver(cluster));
  };

  it('keeps volumes and Secrets', () => {
    const cluster = aSettledCluster();
    deleteIt(cluster);
    expect(cluster.shop.metadata.finalizers).toEqual([]);
    expect(cluster.deleted).toEqual([]);
  });

  it('takes them along when it says so, after the programs that use them', () => {
    const cluster = aSettledCluster({ deletionPolicy: 'Delete' });
    deleteIt(cluster);
    const kinds = new Set([...cluster.objects.values()].map(({ kind }) => kind));
    expect(['StatefulSet', 'Secret', 'PersistentVolumeClaim'].filter((kind) => kinds.has(kind))).toEqual([]);
    expect(cluster.deleted.indexOf('Secret')).toBeGreaterThan(cluster.deleted.lastIndexOf('StatefulSet'));
  });

  it('has never lost one before', () => {
    fc.assert(
      fc.property(schedule, fc.constantFrom('0.1.0', '0.2.0'), (turns, version) => {
        const cluster = aSettledCluster({ deletionPolicy: 'Delete' });
        cluster.edit({ version, exposure: { type: 'None' }, services: { 'user-service': { replicas: 2 } } });
        play(cluster, turns);
        expect(cluster.deleted.filter((kind) => kind === 'Secret' || kind === 'PersistentVolumeClaim')).toEqual([]);
      }),
      { numRuns: 10 },
    );
  });
});

describe('Two Shops in one namespace', () => {
  it('share no name and select no pod of each other', () => {
    const names = (name: string) => {
      const cluster = new ModelCluster(aShop({}, name));
      settle(cluster);
      return [...cluster.objects.values()];
    };
    const [first, second] = [names('one'), names('two')];
    const keys = new Set(first.map(({ kind, metadata }) => `${kind}/${metadata.name}`));
    expect(second.filter(({ kind, metadata }) => keys.has(`${kind}/${metadata.name}`))).toEqual([]);
    expect(JSON.stringify(first)).not.toMatch(/"two-|instance":"two"/);
    const selectors = first
      .filter(({ kind }) => kind === 'NetworkPolicy')
      .map(({ spec }) => (spec as { podSelector: { matchLabels: Record<string, string> } }).podSelector.matchLabels);
    for (const selector of selectors) expect(selector['app.kubernetes.io/instance']).toBe('one');
  });
});

function copyOf(cluster: ModelCluster): ModelCluster {
  const copy = new ModelCluster(structuredClone(cluster.shop));
  copy.key = cluster.key;
  for (const [key, object] of cluster.objects) copy.objects.set(key, structuredClone(object));
  return copy;
}
