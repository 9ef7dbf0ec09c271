import { SERVICE_NAMES } from '@souk/cdk8s';
import { FINALIZER, MIGRATE_ANNOTATION } from '../shop/shop.ts';
import { type Course, type CourseInput, setCourse } from './course.ts';
import { failRollout, findJobTrouble } from './failure.ts';
import { isDeploymentSettled, isJobComplete, isStatefulSetReady } from './health.ts';
import { keyOf } from './observed.ts';
import type { Pass } from './pass.ts';
import type { Plan } from './plan.ts';
import { rollWaves } from './waves.ts';

/** A step answers the plan when the pass ends with it, and undefined to go on. */
type Step = (pass: Pass, course: Course) => Plan | undefined;

const STEPS: readonly Step[] = [
  secretsStep,
  dataStep,
  supportStep,
  migrationStep,
  rollWaves,
  seedStep,
  exposureStep,
  verificationStep,
];

/** Goes through the steps of an install or upgrade as far as the cluster has come. */
export function runSteps(pass: Pass, input: CourseInput): Plan {
  const course = setCourse(pass, input);
  let ended: Plan | undefined;
  for (const step of STEPS) {
    ended = step(pass, course);
    if (ended) break;
  }
  if (course.wasSettled && pass.changes.length > 0) tellDrift(pass);
  return withFinalizer(ended ?? settle(pass, course), pass);
}

function tellDrift(pass: Pass): void {
  const names = pass.changes.map(({ manifest }) => `${manifest.kind} ${manifest.metadata.name}`);
  const rest = names.length > 5 ? ` and ${names.length - 5} more` : '';
  pass.event('DriftRepaired', `Repaired ${names.slice(0, 5).join(', ')}${rest}`);
}

function withFinalizer(plan: Plan, pass: Pass): Plan {
  return pass.shop.metadata.finalizers?.includes(FINALIZER) ? plan : { ...plan, finalizer: 'add' };
}

function secretsStep(pass: Pass, { desired, phase }: Course): Plan | undefined {
  const { key } = pass.observed;
  if (key === undefined) {
    const others = desired.secretsOf('').filter((secret) => pass.live(secret));
    const [other] = others;
    if (other) {
      const message = `The Secret ${desired.key.metadata.name} is gone but ${other.metadata.name} exists: restore the one or delete the others`;
      return pass.blocked('KeyLost', message);
    }
    pass.ensureExists(desired.key, { how: 'create', generate: ['key'] });
    pass.event('SecretsGenerated', `${desired.key.metadata.name}, from which all passwords follow`);
    return pass.waiting(phase, { reason: 'Installing', message: 'Secrets are being generated' });
  }
  for (const secret of desired.secretsOf(key)) pass.ensureExists(secret, { how: 'create' });
  return undefined;
}

/** Databases, broker and cache. Only an install waits for them: later they may be away without anything being rolled. */
function dataStep(pass: Pass, { desired, phase, spec }: Course): Plan | undefined {
  pass.ensure(desired.network);
  pass.ensure(desired.data.map(({ manifest }) => manifest));
  const isReady = (part: 'data' | 'messaging') =>
    desired.data
      .filter((one) => one.part === part)
      .every(({ manifest }) => {
        if (manifest.kind === 'StatefulSet') return isStatefulSetReady(pass.live(manifest));
        return manifest.kind !== 'Deployment' || isDeploymentSettled(pass.live(manifest));
      });
  const parts = [
    { part: 'data', type: 'DataReady', reason: 'WaitingForData', what: 'Databases', mode: spec.data.mode },
    {
      part: 'messaging',
      type: 'MessagingReady',
      reason: 'WaitingForMessaging',
      what: 'Broker, cache and mail',
      mode: spec.messaging.mode,
    },
  ] as const;
  for (const { mode, part, reason, type, what } of parts) {
    if (isReady(part))
      pass.condition(type, 'True', {
        reason: mode === 'External' ? 'External' : 'Done',
        message: mode === 'External' ? `${what}: by Secret, not watched` : `${what} answer`,
      });
    else pass.condition(type, 'False', { reason, message: `${what} are not ready yet` });
  }
  const late = parts.find(({ part }) => !isReady(part));
  if (!late || pass.status.current) return undefined;
  // Everything that needs no data may come up meanwhile.
  for (const name of SERVICE_NAMES) pass.ensure(desired.services[name].support);
  return pass.waiting(phase, { reason: late.reason, message: `${late.what} are not ready yet` });
}

function supportStep(pass: Pass, { desired }: Course): undefined {
  for (const name of SERVICE_NAMES) pass.ensure(desired.services[name].support);
  const wanted = new Set(
    [
      ...desired.network,
      ...desired.data.map(({ manifest }) => manifest),
      ...SERVICE_NAMES.flatMap((name) => {
        const { config, deployment, support } = desired.services[name];
        return [...support, config, deployment];
      }),
      ...desired.exposure,
      ...desired.smoke,
    ].map(keyOf),
  );
  // Jobs go by their time to live; volumes and Secrets never go here.
  const prunable = [...pass.observed.objects.values()].filter(
    ({ kind, metadata }) =>
      !['Job', 'Secret', 'PersistentVolumeClaim'].includes(kind) &&
      metadata.deletionTimestamp === undefined &&
      metadata.ownerReferences?.some(({ uid }) => uid === pass.shop.metadata.uid),
  );
  for (const object of prunable) if (!wanted.has(keyOf(object))) pass.delete(object);
  return undefined;
}

/** Schemas grow before the services that need them; a rollback leaves them grown. */
function migrationStep(pass: Pass, { desired, isRollingBack, phase, revision, spec }: Course): Plan | undefined {
  if (isRollingBack) return undefined;
  const jobs = SERVICE_NAMES.flatMap((name) => {
    const job = desired.services[name].migrate;
    return job && pass.status.migrated?.[name] !== job.metadata.name ? [{ name, job }] : [];
  });
  const { annotations = {} } = pass.shop.metadata;
  if (jobs.length > 0 && spec.migrations.policy === 'Manual' && annotations[MIGRATE_ANNOTATION] !== revision.version) {
    const message = `Migrations wait for the annotation ${MIGRATE_ANNOTATION}=${revision.version}`;
    pass.condition('MigrationsApplied', 'False', { reason: 'WaitingForApproval', message });
    return pass.waiting(phase, { reason: 'WaitingForApproval', message });
  }
  const open = jobs.filter(({ job, name }) => {
    if (!isJobComplete(pass.live(job))) return true;
    pass.status.migrated = { ...pass.status.migrated, [name]: job.metadata.name };
    return false;
  });
  if (open.length === 0) {
    pass.condition('MigrationsApplied', 'True', { reason: 'Done', message: 'Every schema is current' });
    return undefined;
  }
  const message = `Migrations run: ${open.map(({ name }) => name).join(', ')}`;
  pass.condition('MigrationsApplied', 'False', { reason: 'WaitingForMigrations', message });
  for (const { job, name } of open) {
    pass.ensureExists(job, { how: 'apply' });
    const trouble = findJobTrouble(pass, { job, what: `The migration of ${name}`, reason: 'MigrationFailed' });
    if (trouble) return failRollout(pass, phase, trouble);
  }
  return pass.waiting(phase, { reason: 'WaitingForMigrations', message });
}

/** Demonstration content, once in the life of a Shop. */
function seedStep(pass: Pass, { desired, isRollingBack, phase }: Course): Plan | undefined {
  const seeded = pass.status.seeded ?? [];
  const jobs = SERVICE_NAMES.flatMap((name) => {
    const job = desired.services[name].seed;
    return job && !isRollingBack && !seeded.includes(name) ? [{ name, job }] : [];
  });
  const open = jobs.filter(({ job }) => !isJobComplete(pass.live(job)));
  const done = jobs.filter((one) => !open.includes(one));
  if (done.length > 0) pass.status.seeded = [...seeded, ...done.map(({ name }) => name)];
  for (const { job, name } of open) {
    pass.ensureExists(job, { how: 'apply' });
    const trouble = findJobTrouble(pass, { job, what: `The demonstration content of ${name}`, reason: 'SeedFailed' });
    if (trouble) return failRollout(pass, phase, trouble);
  }
  if (open.length === 0) return undefined;
  return pass.waiting(phase, { reason: 'WaitingForServices', message: 'Demonstration content is being written' });
}

function exposureStep(pass: Pass, { desired, spec }: Course): undefined {
  pass.ensure(desired.exposure);
  const { host, type } = spec.exposure;
  if (type === 'None')
    pass.condition('Exposed', 'False', { reason: 'NotExposed', message: 'spec.exposure.type is None' });
  else pass.condition('Exposed', 'True', { reason: 'Done', message: `https://${host} leads here by ${type}` });
  return undefined;
}

/** An order is placed before a revision counts as good. */
function verificationStep(pass: Pass, { desired, isRollingBack, phase, revision }: Course): Plan | undefined {
  const job = desired.smoke.find(({ kind }) => kind === 'Job');
  pass.ensure(desired.smoke.filter(({ kind }) => kind !== 'Job'));
  if (!job) {
    pass.condition('Verified', 'Unknown', { reason: 'NotWanted', message: 'No smoke test is wanted' });
    return undefined;
  }
  if (isRollingBack) return undefined;
  if (pass.status.verified !== revision.id) {
    if (!isJobComplete(pass.live(job))) {
      pass.ensureExists(job, { how: 'apply' });
      const told = { reason: 'WaitingForVerification', message: 'An order is being placed' } as const;
      pass.condition('Verified', 'False', told);
      const trouble = findJobTrouble(pass, { job, what: 'The smoke test', reason: 'VerificationFailed' });
      return trouble ? failRollout(pass, phase, trouble) : pass.waiting(phase, told);
    }
    pass.status.verified = revision.id;
  }
  pass.condition('Verified', 'True', { reason: 'Done', message: `An order was placed and paid for (${revision.id})` });
  return undefined;
}

/** Every step is done: what runs has proven itself. */
function settle(pass: Pass, { desired, isRollingBack, revision }: Course): Plan {
  const { status } = pass;
  const failed = status.failedTarget;
  if (isRollingBack && failed) {
    const what =
      failed.version === revision.version
        ? 'The last change failed and what ran before runs again'
        : `Version ${failed.version} failed and ${revision.version} runs again`;
    const message = `${what}: ${failed.message}`;
    if (status.phase !== 'Degraded') pass.event('RolledBack', message);
    const told = { reason: 'RolledBack', message } as const;
    pass.condition('Ready', 'False', told);
    pass.condition('Progressing', 'False', told);
    pass.condition('Degraded', 'True', { reason: failed.reason, message });
    return pass.finish('Degraded', undefined);
  }
  const isNew = status.current?.id !== revision.id;
  if (isNew) {
    const how = status.current ? ('Upgraded' as const) : ('Installed' as const);
    pass.event(how, `${how === 'Installed' ? 'Installed' : 'Upgraded to'} ${revision.version} (${revision.id})`);
    const entry = {
      id: revision.id,
      version: revision.version,
      outcome: 'Succeeded',
      at: pass.now.toISOString(),
    } as const;
    status.history = [entry, ...(status.history ?? [])].slice(0, 10);
  }
  status.current = revision;
  status.version = revision.version;
  status.rendered = desired.rendered;
  const told = { reason: 'Settled', message: `Version ${revision.version} runs` } as const;
  const isDataReady = ['DataReady', 'MessagingReady'].every(
    (type) => pass.conditionOf(type as 'DataReady')?.status === 'True',
  );
  if (isDataReady) pass.condition('Ready', 'True', told);
  else pass.condition('Ready', 'False', { reason: 'WaitingForData', message: 'A part of the data tier is not ready' });
  pass.condition('Progressing', 'False', told);
  pass.condition('Degraded', 'False', told);
  return pass.finish('Running', pass.changes.length > 0 || !isDataReady ? 10_000 : undefined);
}
