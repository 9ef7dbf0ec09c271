import { databaseSecretName, type Manifest, SECRETS, SERVICES, type ServiceName } from '@souk/cdk8s';
import { MANAGED_BY } from '../shop/shop.ts';
import type { ShopSpec } from '../shop/shop-spec.ts';

/** Before the name of every object of a Shop, so that two Shops live in one namespace. */
export function prefixOf(shopName: string): string {
  return `${shopName}-`;
}

interface Reference {
  name: string;
  key?: string;
}

/** The Secret of the spec that stands for one of the model's, with the key that it has there; undefined for a generated one. */
function externalSecret({ key, name }: Reference, spec: ShopSpec): Reference | undefined {
  const parts: Record<string, { secretRef?: { name: string } | undefined }> = {
    [SECRETS.messaging.name]: spec.messaging,
    [SECRETS.cache.name]: spec.cache,
    [SECRETS.mail.name]: spec.mail,
  };
  const part = parts[name];
  if (part) return part.secretRef ? { name: part.secretRef.name, key: key ?? '' } : undefined;
  const service = Object.keys(SERVICES).find((one) => databaseSecretName(one as ServiceName) === name);
  if (!service || !spec.data.secretRef) return undefined;
  return { name: spec.data.secretRef.name, key: `${service.toUpperCase().replaceAll('-', '_')}_${key}` };
}

/** Which keys of which Secrets a Shop expects to be made outside. */
export function externalSecrets(spec: ShopSpec): Record<string, string[]> {
  const wanted: Record<string, string[]> = {};
  const want = (part: { mode: string; secretRef?: { name: string } | undefined }, keys: string[]) => {
    if (part.mode !== 'External' || !part.secretRef) return;
    wanted[part.secretRef.name] = [...(wanted[part.secretRef.name] ?? []), ...keys];
  };
  const databases = Object.values(SERVICES).filter((service) => service.database);
  want(
    spec.data,
    databases.flatMap(({ name }) => {
      const variable = name.toUpperCase().replaceAll('-', '_');
      return [`${variable}_DATABASE_URL`, `${variable}_MIGRATION_DATABASE_URL`];
    }),
  );
  want(spec.messaging, ['AMQP_URL']);
  want(spec.cache, ['REDIS_URL']);
  want(spec.mail, ['SMTP_URL']);
  return wanted;
}

const NAME_FIELDS = new Set(['serviceAccountName', 'serviceName']);
const REFERENCE_FIELDS = new Set(['configMapRef', 'scaleTargetRef', 'service']);

/** A copy of a rendered object whose own name, and every name by which it refers to another, is the Shop's. */
export function renamed(manifest: Manifest, spec: ShopSpec, prefix: string): Manifest {
  const rename = (value: unknown, field: string): unknown => {
    if (typeof value === 'string') return NAME_FIELDS.has(field) ? `${prefix}${value}` : value;
    if (Array.isArray(value)) return value.map((item) => rename(item, field === 'backendRefs' ? 'service' : ''));
    if (typeof value !== 'object' || value === null) return value;
    const copy = Object.fromEntries(Object.entries(value).map(([key, inner]) => [key, rename(inner, key)]));
    if (field === 'secretKeyRef') {
      const reference = copy as unknown as Reference;
      return externalSecret(reference, spec) ?? { ...reference, name: `${prefix}${reference.name}` };
    }
    if (REFERENCE_FIELDS.has(field) && typeof copy.name === 'string') copy.name = `${prefix}${copy.name}`;
    return copy;
  };
  const copy = rename(manifest, '') as Manifest;
  copy.metadata.name = `${prefix}${manifest.metadata.name}`;
  if (copy.kind === 'ConfigMap') copy.data = withAddresses(copy.data as Record<string, string>, prefix);
  return withManager(copy);
}

/** `http://user-service:3001` names a Service, whose name has the prefix. */
function withAddresses(literals: Record<string, string>, prefix: string): Record<string, string> {
  const services = new Set<string>(Object.values(SERVICES).map(({ name, port }) => `http://${name}:${port}`));
  return Object.fromEntries(
    Object.entries(literals).map(([key, value]) => [
      key,
      services.has(value) ? value.replace('http://', `http://${prefix}`) : value,
    ]),
  );
}

function withManager(manifest: Manifest): Manifest {
  const mark = (labels: Record<string, string> | undefined) => {
    if (labels?.['app.kubernetes.io/managed-by']) labels['app.kubernetes.io/managed-by'] = MANAGED_BY;
  };
  mark(manifest.metadata.labels);
  const { template } = (manifest.spec ?? {}) as { template?: { metadata?: { labels?: Record<string, string> } } };
  mark(template?.metadata?.labels);
  return manifest;
}
