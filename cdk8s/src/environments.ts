import type { PlatformOptions, ServiceScale } from './model/options.ts';
import type { ServiceName } from './model/platform.ts';
import { readSchemaRevision } from './model/schema-revision.ts';

/** Read by `k8s:synth`; a release sets it. */
const VERSION = '0.1.0';

const DEV_SCALE: ServiceScale = {
  replicas: 1,
  resources: { cpuRequest: '25m', memoryRequest: '96Mi', memoryLimit: '512Mi' },
};

function prodScale(service: ServiceName): ServiceScale {
  const edge = service === 'api-gateway' || service === 'product-service' || service === 'order-service';
  return {
    replicas: 2,
    autoscaling: { min: 2, max: edge ? 10 : 6, cpuPercent: 70 },
    resources: { cpuRequest: edge ? '250m' : '100m', memoryRequest: '192Mi', memoryLimit: '512Mi' },
  };
}

const shared = { instance: 'souk', version: VERSION, schemaRevisionOf: readSchemaRevision } as const;

/** A laptop: one replica, the data tier beside it, demo data, images as Skaffold or `docker build` names them. */
export const DEV: PlatformOptions = {
  ...shared,
  namespace: 'souk',
  imageOf: (service) => `souk/${service}:dev`,
  imagePullPolicy: 'IfNotPresent',
  scaleOf: () => DEV_SCALE,
  environment: {
    logLevel: 'info',
    trustedProxyHops: 0,
    mailFrom: 'Souk <shop@souk.example>',
    adminEmail: 'admin@souk.example',
    publicUrl: 'http://localhost:3000',
  },
  data: 'embedded',
  demoData: true,
  writableRoot: true,
  disruptionBudgets: false,
  exposure: { type: 'None' },
};

/** A cluster: autoscaled, spread, budgeted; data services by Secrets that are made outside. */
export const PROD: PlatformOptions = {
  ...shared,
  namespace: 'souk',
  imageOf: (service) => `souk/${service}:${VERSION}`,
  imagePullPolicy: 'Always',
  scaleOf: prodScale,
  environment: {
    logLevel: 'info',
    trustedProxyHops: 1,
    mailFrom: 'Souk <shop@souk.example>',
    adminEmail: 'admin@souk.example',
    publicUrl: 'https://shop.souk.example',
    paymentProvider: 'stripe',
  },
  data: 'external',
  demoData: false,
  writableRoot: false,
  disruptionBudgets: true,
  exposure: { type: 'Gateway', host: 'shop.souk.example', gateway: { name: 'public', namespace: 'gateway' } },
};

export const ENVIRONMENTS: Readonly<Record<string, PlatformOptions>> = { dev: DEV, prod: PROD };
