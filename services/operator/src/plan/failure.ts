import type { Manifest } from '@souk/cdk8s';
import type { ConditionReason } from '../shop/reasons.ts';
import type { Phase } from '../shop/shop-status.ts';
import { jobFailure } from './health.ts';
import type { PodFact } from './observed.ts';
import type { Pass } from './pass.ts';
import type { Plan } from './plan.ts';

export interface Trouble {
  reason: ConditionReason;
  message: string;
}

/** A sentence about a pod that waiting does not mend, with its last words. */
export function troubleOfPod(what: string, { logLine, trouble }: PodFact): Trouble | undefined {
  if (!trouble) return undefined;
  const lastWords = logLine ? `; its last log line: ${logLine}` : '';
  return { reason: trouble.reason, message: `${what}: ${trouble.message}${lastWords}` };
}

/** Why a Job will not succeed, undefined while it may. */
export function findJobTrouble(
  pass: Pass,
  of: { job: Manifest; what: string; reason: ConditionReason },
): Trouble | undefined {
  const failure = jobFailure(pass.live(of.job));
  const pods = pass.observed.pods.filter(({ job }) => job === of.job.metadata.name);
  const lastWords = pods.find(({ logLine }) => logLine)?.logLine;
  if (failure) {
    const said = lastWords ? `; its last log line: ${lastWords}` : '';
    return { reason: of.reason, message: `${of.what} failed: ${failure}${said}` };
  }
  // A crash is retried by the Job; an image that cannot be pulled would only use up its time.
  const stuck = pods.find(({ trouble }) => trouble?.reason === 'ImagePullFailed');
  return stuck && troubleOfPod(of.what, stuck);
}

/**
 * The target has failed. With something to return to, it is noted and not tried again until the spec changes; the next pass
 * returns. Without, the Shop says what is wrong and goes on by itself once that is mended.
 */
export function failRollout(pass: Pass, phase: Phase, trouble: Trouble): Plan {
  const { current, target } = pass.status;
  const { autoRollback = true } = pass.shop.spec.rollout ?? {};
  const before = pass.shop.status?.conditions?.find(({ type }) => type === 'Degraded');
  if (before?.status !== 'True' || before.reason !== trouble.reason) pass.event('UpgradeFailed', trouble.message);
  pass.condition('Degraded', 'True', trouble);
  if (!current || !target || current.id === target.id || !autoRollback || phase === 'RollingBack') {
    const plan = pass.waiting('Degraded', trouble);
    return { ...plan, requeueAfterMs: 10_000 };
  }
  pass.event('RollbackStarted', `Version ${current.version} (${current.id}) returns`);
  const at = pass.now.toISOString();
  pass.status.failedTarget = { id: target.id, version: target.version, ...trouble, at };
  const entry = { id: target.id, version: target.version, outcome: 'Failed', at } as const;
  pass.status.history = [entry, ...(pass.status.history ?? [])].slice(0, 10);
  return { ...pass.waiting('RollingBack', { reason: 'RollingBack', message: trouble.message }), requeueAfterMs: 0 };
}
