import type { Release } from '../desired/catalogue.ts';
import type { DesiredObjects } from '../desired/desired-objects.ts';
import type { Renderer } from '../desired/renderer.ts';
import { revisionOf } from '../desired/revision.ts';
import type { ShopSpec } from '../shop/shop-spec.ts';
import type { Phase, Revision } from '../shop/shop-status.ts';
import type { Pass } from './pass.ts';

export interface CourseInput {
  spec: ShopSpec;
  release: Release;
  operatorImage: string | undefined;
  render: Renderer;
}

/** What a pass works with once it knows where to go. */
export interface Course extends CourseInput {
  desired: DesiredObjects;
  /** What the services are brought to now: the target, or what ran before when the target has failed. */
  revision: Revision;
  isRollingBack: boolean;
  phase: Phase;
  /** The last pass found everything done, for this same spec and by this same operator. */
  wasSettled: boolean;
}

/** Decides where a Shop goes from here. */
export function setCourse(pass: Pass, input: CourseInput): Course {
  const { status } = pass;
  const target = revisionOf(input.spec, input.release);
  if (!status.target) pass.event('InstallStarted', `Version ${target.version} (${target.id})`);
  if (status.failedTarget && status.failedTarget.id !== target.id) delete status.failedTarget;
  const isRollingBack = status.failedTarget !== undefined && status.current !== undefined;
  const revision = isRollingBack && status.current ? status.current : target;
  if (status.target?.id !== target.id)
    pass.condition('Degraded', 'False', { reason: 'Running', message: 'The target is new' });
  if (status.current && status.current.id !== target.id && status.target?.id !== target.id)
    pass.event('UpgradeStarted', `From ${status.current.version} to ${target.version} (${target.id})`);
  status.targetVersion = input.spec.version;
  status.target = target;
  const desired = input.render({ ...input, shop: pass.shop, revision });
  const wasSettled =
    !isRollingBack &&
    status.current?.id === revision.id &&
    status.rendered === desired.rendered &&
    status.phase === 'Running' &&
    status.observedGeneration === pass.shop.metadata.generation;
  return { ...input, desired, revision, isRollingBack, wasSettled, phase: phaseOf(pass, { isRollingBack, target }) };
}

function phaseOf({ status }: Pass, { isRollingBack, target }: { isRollingBack: boolean; target: Revision }): Phase {
  if (isRollingBack) return 'RollingBack';
  if (!status.current) return 'Installing';
  return status.current.id === target.id ? 'Running' : 'Upgrading';
}
