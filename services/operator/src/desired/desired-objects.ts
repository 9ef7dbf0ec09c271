import { type Manifest, renderPlatform, SERVICE_NAMES, type ServiceName } from '@souk/cdk8s';
import { MANAGED_BY, REVISION_ANNOTATION, type Shop } from '../shop/shop.ts';
import type { ShopSpec } from '../shop/shop-spec.ts';
import type { Revision } from '../shop/shop-status.ts';
import type { Release } from './catalogue.ts';
import { prefixOf, renamed } from './names.ts';
import { platformOptionsOf } from './platform-options.ts';
import { digest } from './revision.ts';
import { KEY_SECRET, secretContents, secretManifest } from './secrets.ts';
import { smokeManifests } from './smoke-job.ts';

/** The objects of one service, by the step that applies them. */
export interface ServiceObjects {
  /** Account, Service, policies, autoscaler, budget: harmless before the pods, needed by them. */
  support: Manifest[];
  config: Manifest;
  /** Without `replicas`, which has a field manager of its own. */
  deployment: Manifest;
  /** Undefined under an autoscaler. */
  replicas?: number;
  migrate?: Manifest;
  seed?: Manifest;
}

/** Everything a Shop wants to exist. */
export interface DesiredObjects {
  prefix: string;
  /** The Secret with the one generated value, without the value. */
  key: Manifest;
  /** Functions of the key. */
  secretsOf: (key: string) => Manifest[];
  network: Manifest[];
  data: { part: 'data' | 'messaging'; manifest: Manifest }[];
  services: Record<ServiceName, ServiceObjects>;
  exposure: Manifest[];
  /** The policies of the Job and the Job; empty when no smoke test is wanted or possible. */
  smoke: Manifest[];
  /** Digits over all Deployments: another operator renders others. */
  rendered: string;
}

export interface DesiredInput {
  shop: Shop;
  spec: ShopSpec;
  revision: Revision;
  release: Release;
  /** The image that this operator runs in, whose `smoke` command tests a shop; undefined outside a cluster. */
  operatorImage: string | undefined;
}

interface PodTemplate {
  metadata: { labels: Record<string, string>; annotations?: Record<string, string> };
  spec: Record<string, unknown> & { containers: Record<string, unknown>[] };
}

/** Renders a Shop by the deployment model, with the Shop's names, owner and settings. */
export function desiredObjects(input: DesiredInput): DesiredObjects {
  const { revision, shop, spec } = input;
  const prefix = prefixOf(shop.metadata.name);
  const options = platformOptionsOf(shop, spec, input);
  const groups = renderPlatform(options);
  const finish = (manifest: Manifest) => owned(withPodSettings(renamed(manifest, spec, prefix), spec), shop);
  const group = (name: string) => (groups[name] ?? []).filter(({ kind }) => kind !== 'Secret').map(finish);
  const services = Object.fromEntries(
    SERVICE_NAMES.map((name) => [name, serviceObjects(group(name), revision.services[name], spec)]),
  ) as Record<ServiceName, ServiceObjects>;
  return {
    prefix,
    key: kept(secretManifest(`${prefix}${KEY_SECRET}`, {}), shop),
    secretsOf: (key) =>
      Object.entries(secretContents(key, options, prefix)).map(([name, content]) =>
        kept(secretManifest(`${prefix}${name}`, content), shop),
      ),
    network: [
      ...group('network').map((manifest) => withinShop(manifest, shop)),
      ...monitoringPolicies(shop, spec, prefix).map((manifest) => owned(manifest, shop)),
    ],
    data: group('data').map((manifest) => ({
      part: manifest.metadata.name.startsWith(`${prefix}postgres`) ? 'data' : 'messaging',
      manifest: withStorage(withoutVersion(manifest), spec),
    })),
    services,
    exposure: group('exposure'),
    smoke: smokeManifests(input, prefix).map((manifest) => owned(withPodSettings(manifest, spec), shop)),
    rendered: digest(SERVICE_NAMES.map((name) => services[name].deployment.spec)),
  };
}

function serviceObjects(
  manifests: Manifest[],
  settings: Revision['services'][ServiceName],
  spec: ShopSpec,
): ServiceObjects {
  const find = (kind: string, component?: string) =>
    manifests.find(
      (manifest) =>
        manifest.kind === kind &&
        (component === undefined || manifest.metadata.labels?.['app.kubernetes.io/component'] === component),
    );
  const config = find('ConfigMap') as Manifest;
  config.data = { ...(config.data as Record<string, string>), ...settings.env };
  const { deployment, replicas } = withRevision(find('Deployment') as Manifest, { config, settings, spec });
  const [migrate, seed] = [find('Job', 'migrate'), find('Job', 'seed')];
  if (migrate) (migrate.spec as Record<string, unknown>).activeDeadlineSeconds = spec.migrations.timeoutSeconds;
  return {
    support: manifests.filter(({ kind }) => !['ConfigMap', 'Deployment', 'Job'].includes(kind)),
    config,
    deployment,
    ...(replicas === undefined ? {} : { replicas }),
    ...(migrate ? { migrate } : {}),
    ...(seed ? { seed } : {}),
  };
}

function withRevision(
  deployment: Manifest,
  from: { config: Manifest; settings: Revision['services'][ServiceName]; spec: ShopSpec },
): { deployment: Manifest; replicas: number | undefined } {
  const { replicas, ...rest } = deployment.spec as { replicas?: number; template: PodTemplate };
  rest.template.metadata.annotations = {
    'souk.dev/config-checksum': digest(from.config.data, 16),
    [REVISION_ANNOTATION]: digest(from.settings),
  };
  const spec = { ...rest, progressDeadlineSeconds: from.spec.rollout.progressDeadlineSeconds };
  return { deployment: { ...deployment, spec }, replicas };
}

function withPodSettings(manifest: Manifest, { image }: ShopSpec): Manifest {
  const template = (manifest.spec as { template?: PodTemplate } | undefined)?.template;
  if (!template?.spec.containers) return manifest;
  if (image.pullSecrets.length > 0) template.spec.imagePullSecrets = image.pullSecrets;
  if (image.pullPolicy === 'Never' && manifest.kind !== 'StatefulSet')
    for (const container of template.spec.containers) container.imagePullPolicy = 'Never';
  return manifest;
}

/** The data tier is no part of a version of Souk: another one must not restart it. */
function withoutVersion(manifest: Manifest): Manifest {
  const { template } = (manifest.spec ?? {}) as { template?: PodTemplate };
  for (const metadata of [manifest.metadata, template?.metadata])
    delete metadata?.labels?.['app.kubernetes.io/version'];
  return manifest;
}

interface VolumeClaimTemplate {
  metadata: { labels?: Record<string, string> };
  spec: { resources: { requests: { storage: string } } };
}

function withStorage(manifest: Manifest, spec: ShopSpec): Manifest {
  if (manifest.kind !== 'StatefulSet') return manifest;
  const { volumeClaimTemplates } = manifest.spec as {
    volumeClaimTemplates?: VolumeClaimTemplate[];
  };
  const part = manifest.metadata.name.includes('rabbitmq') ? spec.messaging : spec.data;
  for (const claim of volumeClaimTemplates ?? []) {
    claim.spec.resources.requests.storage = part.storage;
    // The operator watches what it manages by this label.
    claim.metadata.labels = { ...claim.metadata.labels, 'app.kubernetes.io/managed-by': MANAGED_BY };
  }
  return manifest;
}

/** The default deny of a namespace becomes one of this Shop's pods: others in the namespace are none of ours. */
function withinShop(manifest: Manifest, shop: Shop): Manifest {
  const podSelector = {
    matchLabels: { 'app.kubernetes.io/instance': shop.metadata.name, 'app.kubernetes.io/part-of': 'souk' },
  };
  return { ...manifest, spec: { ...(manifest.spec as object), podSelector } };
}

/** Lets the pods of one namespace read the metrics of every service; what the other policies allow stays allowed. */
function monitoringPolicies({ metadata }: Shop, { monitoring }: ShopSpec, prefix: string): Manifest[] {
  if (monitoring.namespace === undefined) return [];
  const instance = { 'app.kubernetes.io/instance': metadata.name, 'app.kubernetes.io/part-of': 'souk' };
  const from = [{ namespaceSelector: { matchLabels: { 'kubernetes.io/metadata.name': monitoring.namespace } } }];
  return [
    {
      apiVersion: 'networking.k8s.io/v1',
      kind: 'NetworkPolicy',
      metadata: {
        name: `${prefix}monitoring`,
        namespace: metadata.namespace,
        labels: {
          'app.kubernetes.io/name': 'monitoring',
          ...instance,
          'app.kubernetes.io/component': 'network',
          'app.kubernetes.io/managed-by': MANAGED_BY,
        },
      },
      spec: {
        podSelector: { matchLabels: { ...instance, 'app.kubernetes.io/component': 'service' } },
        policyTypes: ['Ingress'],
        ingress: [{ from, ports: [{ protocol: 'TCP', port: 'ops' }] }],
      },
    },
  ];
}

/** Goes with its Shop. */
function owned(manifest: Manifest, { apiVersion, kind, metadata }: Shop): Manifest {
  const owner = {
    apiVersion,
    kind,
    name: metadata.name,
    uid: metadata.uid,
    controller: true,
    blockOwnerDeletion: false,
  };
  return { ...manifest, metadata: { ...manifest.metadata, ...{ ownerReferences: [owner] } } };
}

/** Outlives its Shop, unless the Shop says otherwise. */
function kept(manifest: Manifest, { metadata }: Shop): Manifest {
  const labels = {
    'app.kubernetes.io/name': manifest.metadata.name,
    'app.kubernetes.io/instance': metadata.name,
    'app.kubernetes.io/component': 'secret',
    'app.kubernetes.io/part-of': 'souk',
    'app.kubernetes.io/managed-by': MANAGED_BY,
  };
  return { ...manifest, metadata: { ...manifest.metadata, namespace: metadata.namespace, labels } };
}
