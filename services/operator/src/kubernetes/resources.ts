import { GROUP, PLURAL, VERSION } from '../shop/shop.ts';

/** Where the API server keeps one kind. */
export interface Resource {
  apiVersion: string;
  kind: string;
  plural: string;
  /** Served only where something is installed. */
  isOptional?: boolean;
}

const resource = (apiVersion: string, kind: string, plural: string): Resource => ({ apiVersion, kind, plural });

export const SHOPS = resource(`${GROUP}/${VERSION}`, 'Shop', PLURAL);
export const LEASES = resource('coordination.k8s.io/v1', 'Lease', 'leases');
export const EVENTS = resource('v1', 'Event', 'events');
export const PODS = resource('v1', 'Pod', 'pods');
export const SECRETS = resource('v1', 'Secret', 'secrets');

/** Every kind that belongs to a Shop, in the order in which they are shown. */
export const MANAGED: readonly Resource[] = [
  resource('apps/v1', 'Deployment', 'deployments'),
  resource('apps/v1', 'StatefulSet', 'statefulsets'),
  resource('batch/v1', 'Job', 'jobs'),
  resource('v1', 'Service', 'services'),
  resource('v1', 'ServiceAccount', 'serviceaccounts'),
  resource('v1', 'ConfigMap', 'configmaps'),
  SECRETS,
  resource('v1', 'PersistentVolumeClaim', 'persistentvolumeclaims'),
  PODS,
  resource('networking.k8s.io/v1', 'NetworkPolicy', 'networkpolicies'),
  resource('networking.k8s.io/v1', 'Ingress', 'ingresses'),
  resource('autoscaling/v2', 'HorizontalPodAutoscaler', 'horizontalpodautoscalers'),
  resource('policy/v1', 'PodDisruptionBudget', 'poddisruptionbudgets'),
  { ...resource('gateway.networking.k8s.io/v1', 'HTTPRoute', 'httproutes'), isOptional: true },
];

const ALL = [SHOPS, LEASES, EVENTS, ...MANAGED];

/** The resource of a manifest. */
export function resourceOf({ apiVersion, kind }: { apiVersion: string; kind: string }): Resource {
  const found = ALL.find((one) => one.apiVersion === apiVersion && one.kind === kind);
  if (!found) throw new UnknownKindError(apiVersion, kind);
  return found;
}

export class UnknownKindError extends Error {
  override readonly name = 'UnknownKindError';
  constructor(apiVersion: string, kind: string) {
    super(`The operator does not manage ${apiVersion} ${kind}`);
  }
}

/** `/apis/apps/v1/namespaces/shop/deployments/order-service/status` */
export function pathOf(
  resource: Resource,
  at: { namespace?: string | undefined; name?: string; sub?: string },
): string {
  const root = resource.apiVersion.includes('/') ? `/apis/${resource.apiVersion}` : `/api/${resource.apiVersion}`;
  const namespace = at.namespace === undefined ? '' : `/namespaces/${at.namespace}`;
  const name = at.name === undefined ? '' : `/${at.name}`;
  return `${root}${namespace}/${resource.plural}${name}${at.sub === undefined ? '' : `/${at.sub}`}`;
}
