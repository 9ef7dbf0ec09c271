import type { Manifest } from '@souk/cdk8s';
import type { Release } from '../desired/catalogue.ts';
import type { Renderer } from '../desired/renderer.ts';
import type { EventReason } from '../shop/reasons.ts';
import type { Shop } from '../shop/shop.ts';
import type { ShopStatus } from '../shop/shop-status.ts';
import { planDeletion } from './deletion.ts';
import type { Observed } from './observed.ts';
import { Pass } from './pass.ts';
import { runSteps } from './steps.ts';
import { checkShop } from './validation.ts';

/** One object to bring about. */
export interface Apply {
  manifest: Manifest;
  /** apply: server-side, forced. scale: `replicas` alone, as a field manager of its own. create: never touched again. */
  how: 'apply' | 'scale' | 'create';
  /** A value of these keys is generated when the object is created. */
  generate?: readonly string[];
}

export interface ObjectReference {
  apiVersion: string;
  kind: string;
  name: string;
}

export interface PlannedEvent {
  type: 'Normal' | 'Warning';
  reason: EventReason;
  message: string;
}

/** What one pass does: apply in order, delete, write the status, tell, and come back. */
export interface Plan {
  finalizer?: 'add' | 'remove';
  apply: Apply[];
  delete: ObjectReference[];
  status: ShopStatus;
  events: PlannedEvent[];
  /** Come back then at the latest; undefined waits for a change. */
  requeueAfterMs: number | undefined;
}

export interface PlanContext {
  catalogue: readonly Release[];
  operatorImage: string | undefined;
  render: Renderer;
}

/**
 * Decides one pass over a Shop: level-triggered, pure and repeatable. It looks at what there is and says what is next;
 * wherever the last pass was broken off, the next one goes on.
 */
export function plan(shop: Shop, observed: Observed, at: { now: Date; context: PlanContext }): Plan {
  const pass = new Pass(shop, observed, at.now);
  if (shop.metadata.deletionTimestamp !== undefined) return planDeletion(pass);
  const checked = checkShop(shop, observed, at.context);
  if (!checked.ok) return pass.blocked(checked.reason, checked.message);
  if (checked.spec.paused) return pass.paused();
  pass.resume();
  const { operatorImage, render } = at.context;
  return runSteps(pass, { ...checked, operatorImage, render });
}
