import type { Resources, ServiceName } from './platform.ts';

export type DataMode = 'embedded' | 'external';
/** What a shop keeps things in or sends things through. */
export type DataPart = 'database' | 'messaging' | 'cache' | 'mail';

/** What differs between environments and is no secret. */
export interface EnvironmentOptions {
  logLevel: 'debug' | 'info' | 'warn';
  /** Proxies in front of the gateway whose X-Forwarded-For entry is believed. */
  trustedProxyHops: number;
  mailFrom: string;
  adminEmail: string;
  /** Where customers reach the shop; links in mails start with it. */
  publicUrl: string;
  /** Who moves the money; without it the sandbox, which moves none. */
  paymentProvider?: 'sandbox' | 'stripe';
}

export interface ServiceScale {
  replicas: number;
  /** With an autoscaler `replicas` is left out of the Deployment. */
  autoscaling?: { min: number; max: number; cpuPercent: number };
  resources: Resources;
}

/** One environment to render: dev and prod of `k8s/`, or what the operator made of a Shop. */
export interface PlatformOptions {
  namespace: string;
  /** `app.kubernetes.io/instance`. */
  instance: string;
  /** Version label and, without `imageOf`, image tag. */
  version: string;
  imageOf: (service: ServiceName) => string;
  imagePullPolicy: 'IfNotPresent' | 'Always';
  scaleOf: (service: ServiceName) => ServiceScale;
  environment: EnvironmentOptions;
  /** Embedded: StatefulSets of PostgreSQL, RabbitMQ and Redis, with development secrets. External: by Secrets made outside. */
  data: DataMode | Readonly<Record<DataPart, DataMode>>;
  demoData: boolean;
  /** File sync into the development image needs a writable root. */
  writableRoot: boolean;
  disruptionBudgets: boolean;
  exposure:
    | { type: 'None' }
    | { type: 'Gateway'; host: string; gateway: { name: string; namespace: string } }
    | { type: 'Ingress'; host: string; className: string; tlsSecretName: string };
  /** Service -> revision of its schema, in the name of its migration Job. */
  schemaRevisionOf: (service: ServiceName) => string;
}

/** Whether a part of the data tier is rendered with the platform; else a Secret made outside leads to it. */
export function isEmbedded({ data }: Pick<PlatformOptions, 'data'>, part: DataPart): boolean {
  return (typeof data === 'string' ? data : data[part]) === 'embedded';
}
