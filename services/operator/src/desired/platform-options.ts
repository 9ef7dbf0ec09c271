import { type DataMode, type DataPart, type PlatformOptions, SERVICES, type ServiceName } from '@souk/cdk8s';
import type { Shop } from '../shop/shop.ts';
import type { ShopSpec } from '../shop/shop-spec.ts';
import type { Revision } from '../shop/shop-status.ts';
import type { Release } from './catalogue.ts';

const modeOf = (part: { mode: 'Embedded' | 'External' }): DataMode =>
  part.mode === 'Embedded' ? 'embedded' : 'external';

function exposureOf({ exposure }: ShopSpec): PlatformOptions['exposure'] {
  const { gatewayRef, host = '', ingressClassName = '', tls, type } = exposure;
  if (type === 'Gateway' && gatewayRef) return { type, host, gateway: gatewayRef };
  if (type === 'Ingress') return { type, host, className: ingressClassName, tlsSecretName: tls?.secretName ?? '' };
  return { type: 'None' };
}

/** The environment that a Shop asks for, in the words of the deployment model. */
export function platformOptionsOf(
  shop: Shop,
  spec: ShopSpec,
  of: { revision: Revision; release: Release },
): PlatformOptions {
  const { release, revision } = of;
  const scaleOf = (name: ServiceName): ReturnType<PlatformOptions['scaleOf']> => {
    const { autoscaling, replicas = 1 } = spec.services[name] ?? {};
    const { resources } = revision.services[name];
    if (!autoscaling) return { replicas, resources };
    const { cpu: cpuPercent, max, min } = autoscaling;
    return { replicas: min, resources, autoscaling: { min, max, cpuPercent } };
  };
  return {
    namespace: shop.metadata.namespace,
    instance: shop.metadata.name,
    version: revision.version,
    imageOf: (name) => revision.services[name].image,
    imagePullPolicy: spec.image.pullPolicy === 'Always' ? 'Always' : 'IfNotPresent',
    scaleOf,
    environment: {
      logLevel: 'info',
      trustedProxyHops: spec.exposure.type === 'None' ? 0 : spec.exposure.trustedProxyHops,
      mailFrom: spec.mail.from,
      adminEmail: spec.mail.admin,
      publicUrl: spec.exposure.host
        ? `https://${spec.exposure.host}`
        : `http://localhost:${SERVICES['api-gateway'].port}`,
    },
    data: {
      database: modeOf(spec.data),
      messaging: modeOf(spec.messaging),
      cache: modeOf(spec.cache),
      mail: modeOf(spec.mail),
    } satisfies Record<DataPart, DataMode>,
    demoData: spec.demoData,
    writableRoot: false,
    disruptionBudgets: true,
    exposure: exposureOf(spec),
    schemaRevisionOf: (name) => release.schemaRevisions[name] ?? '00000000',
  };
}
