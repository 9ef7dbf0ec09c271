import type { ShopSpecInput } from './shop-spec.ts';
import type { ShopStatus } from './shop-status.ts';

export const GROUP = 'souk.dev';
export const VERSION = 'v1alpha1';
export const API_VERSION = `${GROUP}/${VERSION}`;
export const PLURAL = 'shops';

/** Keeps a Shop until its volumes and Secrets are dealt with. */
export const FINALIZER = `${GROUP}/shop`;
/** On a Shop with migrations.policy Manual: the version whose migrations may run. */
export const MIGRATE_ANNOTATION = `${GROUP}/migrate`;
/** On pods: digits over what they run, so that a pod of the new kind is told from one of the old. */
export const REVISION_ANNOTATION = `${GROUP}/revision`;
/** Field manager of all that is rendered. */
export const FIELD_MANAGER = 'shop-operator';
/** Field manager of `replicas` alone: what an autoscaler takes over must not fall back to 1 when we let go of it. */
export const SCALE_MANAGER = 'shop-operator-scale';
export const MANAGED_BY = 'shop-operator';

/** Longer names would not fit into names of Jobs, which are limited to 63 characters. */
export const SHOP_NAME_LENGTH_MAX = 18;

export interface Shop {
  apiVersion: string;
  kind: 'Shop';
  metadata: {
    name: string;
    namespace: string;
    uid: string;
    generation: number;
    resourceVersion?: string;
    finalizers?: string[];
    annotations?: Record<string, string>;
    deletionTimestamp?: string;
  };
  /** As the API server has it: valid by the CRD of that moment, which may be older than this program. */
  spec: ShopSpecInput;
  status?: ShopStatus;
}
