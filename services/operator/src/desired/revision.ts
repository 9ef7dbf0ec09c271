import { createHash } from 'node:crypto';
import { type Resources, SERVICE_NAMES, type ServiceName } from '@souk/cdk8s';
import type { ShopSpec } from '../shop/shop-spec.ts';
import type { PodSettings, Revision } from '../shop/shop-status.ts';
import type { Release } from './catalogue.ts';

const RESOURCES_DEFAULT: Resources = { cpuRequest: '25m', memoryRequest: '96Mi', memoryLimit: '512Mi' };

/** Hex digits over any plain value, whatever the order of its keys: the API server gives them back in another one. */
export function digest(value: unknown, length = 10): string {
  return createHash('sha256')
    .update(JSON.stringify(sorted(value)))
    .digest('hex')
    .slice(0, length);
}

function sorted(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(sorted);
  if (typeof value !== 'object' || value === null) return value;
  const entries = Object.entries(value).filter(([, inner]) => inner !== undefined);
  return Object.fromEntries(entries.sort(([a], [b]) => (a < b ? -1 : 1)).map(([key, inner]) => [key, sorted(inner)]));
}

/** What the spec wants the pods of each service to run. */
export function revisionOf(spec: ShopSpec, release: Release): Revision {
  const services = Object.fromEntries(
    SERVICE_NAMES.map((name) => [name, podSettingsOf(spec, release, name)]),
  ) as Revision['services'];
  return { id: digest(services), version: spec.version, services };
}

function podSettingsOf(spec: ShopSpec, { digests = {}, version }: Release, name: ServiceName): PodSettings {
  const service = spec.services[name];
  const pinned = digests[name] === undefined ? '' : `@${digests[name]}`;
  const env = Object.entries(service?.env ?? {}).sort(([a], [b]) => (a < b ? -1 : 1));
  return {
    image: service?.image ?? `${spec.image.registry}/${name}:${version}${pinned}`,
    ...(env.length > 0 ? { env: Object.fromEntries(env) } : {}),
    resources: {
      cpuRequest: service?.resources?.requests?.cpu ?? RESOURCES_DEFAULT.cpuRequest,
      memoryRequest: service?.resources?.requests?.memory ?? RESOURCES_DEFAULT.memoryRequest,
      memoryLimit: service?.resources?.limits?.memory ?? RESOURCES_DEFAULT.memoryLimit,
    },
  };
}
