import { environmentOf, SERVICE_NAMES, SERVICES, type ServiceName } from '@souk/cdk8s';
import { compareVersions, type Release } from '../desired/catalogue.ts';
import { externalSecrets } from '../desired/names.ts';
import type { BlockedReason } from '../shop/reasons.ts';
import { SHOP_NAME_LENGTH_MAX, type Shop } from '../shop/shop.ts';
import { type ShopSpec, shopSpecSchema } from '../shop/shop-spec.ts';
import type { Observed } from './observed.ts';
import type { PlanContext } from './plan.ts';

export type CheckedShop =
  | { ok: true; spec: ShopSpec; release: Release }
  | { ok: false; reason: BlockedReason; message: string };

const refuse = (reason: BlockedReason, message: string): CheckedShop => ({ ok: false, reason, message });

/** Whether a Shop can be worked on; else what its owner has to change, and nothing is touched. */
export function checkShop(shop: Shop, observed: Observed, { catalogue }: PlanContext): CheckedShop {
  const { name } = shop.metadata;
  if (name.length > SHOP_NAME_LENGTH_MAX)
    return refuse('InvalidSpec', `The name ${name} has ${name.length} characters, at most ${SHOP_NAME_LENGTH_MAX} fit`);
  const parsed = shopSpecSchema.safeParse(shop.spec);
  if (!parsed.success) {
    const problems = parsed.error.issues.map(({ message, path }) => `spec.${path.join('.')}: ${message}`);
    return refuse('InvalidSpec', problems.join('; '));
  }
  const spec = parsed.data;
  const reserved = findReservedVariables(spec);
  if (reserved) return refuse('InvalidSpec', reserved);
  const release = catalogue.find(({ version }) => version === spec.version);
  if (!release) {
    const known = catalogue.map(({ version }) => version).join(', ');
    return refuse('UnknownVersion', `This operator does not know version ${spec.version}; it knows ${known}`);
  }
  const blocked = findUpgradeProblem(shop.status?.version, release);
  if (blocked) return refuse('UpgradeBlocked', blocked);
  if (spec.exposure.type === 'Gateway' && !observed.hasGatewayApi)
    return refuse(
      'NoGatewayApi',
      'spec.exposure.type is Gateway, but the cluster does not know HTTPRoutes of gateway.networking.k8s.io/v1',
    );
  const missing = findMissingSecret(spec, observed);
  if (missing) return refuse('SecretMissing', missing);
  return { ok: true, spec, release };
}

function findUpgradeProblem(from: string | undefined, { upgradeFrom, version }: Release): string | undefined {
  if (from === undefined) return undefined;
  if (compareVersions(version, from) < 0)
    return `Version ${from} runs and does not go back to ${version}: schemas only ever grow`;
  if (compareVersions(from, upgradeFrom) < 0)
    return `Version ${version} needs ${upgradeFrom} or newer to start from, and ${from} runs: upgrade to ${upgradeFrom} first`;
  return undefined;
}

/** Variables that connect a service with the others are the model's alone. */
const FREE_VARIABLES = new Set(['LOG_LEVEL', 'LOG_FORMAT', 'PAYMENT_PROVIDER']);

function findReservedVariables(spec: ShopSpec): string | undefined {
  const environment = { logLevel: 'info', trustedProxyHops: 0, mailFrom: '', adminEmail: '', publicUrl: '' } as const;
  for (const name of SERVICE_NAMES) {
    const reserved = new Set(environmentOf(SERVICES[name], environment, 'seed').map((variable) => variable.name));
    const taken = Object.keys(spec.services[name]?.env ?? {}).find(
      (variable) => reserved.has(variable) && !FREE_VARIABLES.has(variable),
    );
    if (taken) return `spec.services.${name satisfies ServiceName}.env.${taken} is set by the operator`;
  }
  return undefined;
}

function findMissingSecret(spec: ShopSpec, { externalSecrets: found }: Observed): string | undefined {
  for (const [secret, keys] of Object.entries(externalSecrets(spec))) {
    const present = found[secret];
    if (!present) return `The Secret ${secret} does not exist`;
    const missing = keys.filter((key) => !present.includes(key));
    if (missing.length > 0) return `The Secret ${secret} lacks ${missing.join(', ')}`;
  }
  return undefined;
}
