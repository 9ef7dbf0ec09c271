import type { Manifest } from '@souk/cdk8s';
import { type BlockedReason, type ConditionReason, EVENT_REASONS, type EventReason } from '../shop/reasons.ts';
import type { Shop } from '../shop/shop.ts';
import {
  CONDITION_TYPES,
  type Condition,
  type ConditionType,
  type Phase,
  type ShopStatus,
  STEP_CONDITION_TYPES,
} from '../shop/shop-status.ts';
import { hasAll } from './difference.ts';
import { keyOf, type LiveObject, type Observed } from './observed.ts';
import type { Apply, ObjectReference, Plan, PlannedEvent } from './plan.ts';

/** Changes wake a Shop; this is for a change that was missed. */
const RECHECK_MS = 10_000;

/** That a step is done is told as an Event of the same name. */
type Step = (typeof STEP_CONDITION_TYPES)[number] & EventReason;

const isStep = (type: ConditionType): type is Step => (STEP_CONDITION_TYPES as readonly ConditionType[]).includes(type);

/** What one pass has gathered so far. */
export class Pass {
  readonly shop: Shop;
  readonly observed: Observed;
  readonly now: Date;
  readonly status: ShopStatus;
  readonly #apply: Apply[] = [];
  readonly #delete: ObjectReference[] = [];
  readonly #events: PlannedEvent[] = [];
  readonly #conditions: Map<ConditionType, Condition>;

  constructor(shop: Shop, observed: Observed, now: Date) {
    this.shop = shop;
    this.observed = observed;
    this.now = now;
    this.status = structuredClone(shop.status ?? {});
    this.#conditions = new Map(this.status.conditions?.map((condition) => [condition.type, condition]));
  }

  live(manifest: { kind: string; metadata: { name: string } }): LiveObject | undefined {
    return this.observed.objects.get(keyOf(manifest));
  }

  /** Brings objects to what is desired where they differ; answers whether any did. */
  ensure(manifests: readonly Manifest[]): boolean {
    const different = manifests.filter((manifest) => !hasAll(manifest, this.live(manifest)));
    for (const manifest of different) this.#apply.push({ manifest, how: 'apply' });
    return different.length > 0;
  }

  /** Makes what is missing and leaves what is there, whatever it says: Secrets and Jobs. */
  ensureExists(manifest: Manifest, options: { how: 'apply' | 'create'; generate?: readonly string[] }): boolean {
    if (this.live(manifest)) return false;
    this.#apply.push({ manifest, ...options });
    return true;
  }

  /** The number of pods, by a field manager of its own. */
  ensureReplicas({ apiVersion, kind, metadata }: Manifest, replicas: number): boolean {
    const live = this.live({ kind, metadata });
    if ((live?.spec?.replicas ?? 1) === replicas) return false;
    const { name, namespace } = metadata;
    const of = namespace === undefined ? { name } : { name, namespace };
    this.#apply.push({ manifest: { apiVersion, kind, metadata: of, spec: { replicas } }, how: 'scale' });
    return true;
  }

  delete({ apiVersion, kind, metadata }: LiveObject): void {
    this.#delete.push({ apiVersion, kind, name: metadata.name });
  }

  get changes(): readonly Apply[] {
    return this.#apply;
  }

  get deletions(): readonly ObjectReference[] {
    return this.#delete;
  }

  event(reason: EventReason, message: string): void {
    this.#events.push({ type: EVENT_REASONS[reason].type, reason, message });
  }

  condition(
    type: ConditionType,
    status: Condition['status'],
    told: { reason: ConditionReason; message: string },
  ): void {
    const before = this.#conditions.get(type);
    if (status === 'True' && before?.status !== 'True' && isStep(type)) this.event(type, told.message);
    const lastTransitionTime = before?.status === status ? before.lastTransitionTime : this.now.toISOString();
    const observedGeneration = this.shop.metadata.generation;
    this.#conditions.set(type, { type, status, ...told, lastTransitionTime, observedGeneration });
  }

  conditionOf(type: ConditionType): Condition | undefined {
    return this.#conditions.get(type);
  }

  resume(): void {
    const before = this.#conditions.get('Paused');
    if (before?.status === 'True') this.event('Resumed', 'spec.paused is false again');
    this.condition('Paused', 'False', { reason: 'Running', message: 'The operator works on this Shop' });
  }

  /** Hands off, said once. */
  paused(): Plan {
    if (this.#conditions.get('Paused')?.status !== 'True') this.event('Paused', 'Paused by spec.paused');
    this.condition('Paused', 'True', {
      reason: 'Paused',
      message: 'spec.paused is true: nothing is changed or repaired',
    });
    return this.finish('Paused', undefined);
  }

  /** Nothing is touched until somebody changes something. */
  blocked(reason: BlockedReason, message: string): Plan {
    const before = this.#conditions.get('Ready');
    if (before?.reason !== reason || before.message !== message) this.event(reason, message);
    this.condition('Ready', 'False', { reason, message });
    // Neither a Secret made outside nor what the API server serves is watched.
    const isLookedFor = reason === 'SecretMissing' || reason === 'NoGatewayApi';
    return this.finish('Blocked', isLookedFor ? RECHECK_MS : undefined);
  }

  /** Waits for what this pass has begun or has found begun. */
  waiting(phase: Phase, told: { reason: ConditionReason; message: string }): Plan {
    this.condition('Ready', 'False', told);
    this.condition('Progressing', 'True', told);
    return this.finish(phase, RECHECK_MS);
  }

  finish(phase: Phase, requeueAfterMs: number | undefined, finalizer?: Plan['finalizer']): Plan {
    this.status.phase = phase;
    this.status.observedGeneration = this.shop.metadata.generation;
    this.status.conditions = CONDITION_TYPES.flatMap((type) => this.#conditions.get(type) ?? []);
    return {
      apply: this.#apply,
      delete: this.#delete,
      status: this.status,
      events: this.#events,
      requeueAfterMs,
      ...(finalizer ? { finalizer } : {}),
    };
  }
}
