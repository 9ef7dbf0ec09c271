import { SERVICE_NAMES, type ServiceName } from '@souk/cdk8s';
import { z } from 'zod';
import { withRules } from './rules.ts';

/**
 * What a Shop may say, once: the CRD, the chart's values schema, the reference page and the types follow from here. Sizes
 * are bounded everywhere, because the API server budgets the cost of CEL rules by them.
 */

const name = (of: string) =>
  z
    .string()
    .min(1)
    .max(63)
    .regex(/^[a-z0-9]([a-z0-9-]*[a-z0-9])?$/)
    .describe(`Name of ${of}`);

const quantity = (description: string) =>
  z
    .string()
    .max(20)
    .regex(/^[0-9]+(\.[0-9]+)?(m|k|M|G|T|Ki|Mi|Gi|Ti)?$/)
    .describe(description);

const secretRef = (keys: string) =>
  z.strictObject({ name: name('the Secret, in the namespace of the Shop') }).describe(`Secret with ${keys}`);

const mode = (embedded: string) =>
  z
    .enum(['Embedded', 'External'])
    .default('Embedded')
    .describe(`Embedded: ${embedded}. External: what the Secret of secretRef leads to`);

const secretRule = {
  kind: 'needed',
  field: 'mode',
  value: 'External',
  needs: 'secretRef',
  message: 'secretRef is required when mode is External',
} as const;
const modeRule = {
  kind: 'frozen',
  field: 'mode',
  message: 'mode cannot change: what the old place keeps would be lost; make a new Shop and move the content',
} as const;
const storageRule = { kind: 'frozen', field: 'storage', message: 'storage cannot change once volumes exist' } as const;

const resources = z
  .strictObject({
    requests: z
      .strictObject({
        cpu: quantity('CPU that is set aside, like 100m').optional(),
        memory: quantity('Memory that is set aside, like 192Mi').optional(),
      })
      .optional()
      .describe('What the scheduler sets aside'),
    limits: z
      .strictObject({ memory: quantity('Memory above which a container is killed').optional() })
      .optional()
      .describe('CPU has no limit: throttling costs latency and protects nobody that requests do not'),
  })
  .describe('Resources of one pod');

const autoscaling = withRules(
  z.strictObject({
    min: z.int().min(1).max(100).default(2).describe('Fewest pods'),
    max: z.int().min(1).max(100).default(6).describe('Most pods'),
    cpu: z.int().min(1).max(100).default(70).describe('Average use of the requested CPU to aim at, in percent'),
  }),
  [{ kind: 'ordered', fields: ['min', 'max'], message: 'min must not be above max' }],
).describe('Scale by use of CPU; then replicas is left to the autoscaler');

const service = withRules(
  z.strictObject({
    replicas: z.int().min(1).max(100).optional().describe('Number of pods; 1 when left out'),
    autoscaling: autoscaling.optional(),
    resources: resources.optional(),
    image: z
      .string()
      .min(1)
      .max(300)
      .regex(/^[a-z0-9][a-z0-9._/:@-]*[:@][a-zA-Z0-9._:-]+$/)
      .optional()
      .describe('Image with tag or digest, instead of the one of the version'),
    env: z
      .record(z.string(), z.string().max(4096))
      .meta({ maxProperties: 50 })
      .optional()
      .describe('More environment variables, no secrets; what connects the services cannot be replaced'),
  }),
  [
    {
      kind: 'together',
      fields: ['replicas', 'autoscaling'],
      message: 'replicas and autoscaling exclude each other',
    },
  ],
);

const services = z
  .strictObject(
    Object.fromEntries(
      SERVICE_NAMES.map((serviceName) => [serviceName, service.optional().describe(`Settings of ${serviceName}`)]),
    ) as Record<ServiceName, z.ZodOptional<typeof service>>,
  )
  .default({})
  .describe('What differs for one service');

const storage = (holds: string) => quantity(`Size of each volume that holds ${holds}`).default('1Gi');

const data = withRules(
  z.strictObject({
    mode: mode('PostgreSQL servers of this Shop, one volume each'),
    storage: storage('a database'),
    secretRef: secretRef(
      'ORDER_SERVICE_DATABASE_URL and ORDER_SERVICE_MIGRATION_DATABASE_URL, and so for each service with a database',
    ).optional(),
  }),
  [secretRule, modeRule, storageRule],
);

const messaging = withRules(
  z.strictObject({
    mode: mode('a RabbitMQ server of this Shop'),
    storage: storage('queues'),
    secretRef: secretRef('AMQP_URL').optional(),
  }),
  [secretRule, modeRule, storageRule],
);

const cache = withRules(
  z.strictObject({ mode: mode('a Redis server of this Shop'), secretRef: secretRef('REDIS_URL').optional() }),
  [secretRule],
);

const mail = withRules(
  z.strictObject({
    mode: mode('a server that catches every mail and shows it on a page'),
    secretRef: secretRef('SMTP_URL').optional(),
    from: z.string().min(3).max(200).default('Souk <shop@souk.example>').describe('Sender of mails'),
    admin: z.string().min(3).max(200).default('admin@souk.example').describe('Who is told of what needs a person'),
  }),
  [secretRule],
);

const HOST = /^[a-z0-9]([a-z0-9-]*[a-z0-9])?(\.[a-z0-9]([a-z0-9-]*[a-z0-9])?)*$/;

const exposure = withRules(
  z.strictObject({
    type: z
      .enum(['None', 'Gateway', 'Ingress'])
      .default('None')
      .describe('None: reached by a port-forward. Gateway: an HTTPRoute. Ingress: a plain Ingress'),
    host: z.string().max(253).regex(HOST).optional().describe('Host name of the shop'),
    gatewayRef: z
      .strictObject({ name: name('the Gateway'), namespace: name('its namespace') })
      .optional()
      .describe('The Gateway that the route is attached to'),
    ingressClassName: z.string().min(1).max(63).optional().describe('Class of the Ingress'),
    tls: z
      .strictObject({ secretName: name('the Secret with the certificate') })
      .optional()
      .describe('Certificate of the Ingress; a Gateway has its own'),
    trustedProxyHops: z
      .int()
      .min(0)
      .max(5)
      .default(1)
      .describe('Proxies in front of the gateway whose X-Forwarded-For is believed'),
  }),
  [
    { kind: 'needed', field: 'type', value: 'Gateway', needs: 'gatewayRef', message: 'type Gateway needs gatewayRef' },
    { kind: 'needed', field: 'type', value: 'Gateway', needs: 'host', message: 'type Gateway needs host' },
    { kind: 'needed', field: 'type', value: 'Ingress', needs: 'host', message: 'type Ingress needs host' },
    {
      kind: 'needed',
      field: 'type',
      value: 'Ingress',
      needs: 'ingressClassName',
      message: 'type Ingress needs ingressClassName',
    },
    { kind: 'needed', field: 'type', value: 'Ingress', needs: 'tls', message: 'type Ingress needs tls' },
  ],
);

const image = z.strictObject({
  registry: z
    .string()
    .min(1)
    .max(200)
    .regex(/^[a-z0-9][a-z0-9._:/-]*[a-z0-9]$/)
    .default('souk')
    .describe('What stands before the name of a service, like registry.example/souk'),
  pullPolicy: z.enum(['IfNotPresent', 'Always', 'Never']).default('IfNotPresent').describe('When images are pulled'),
  pullSecrets: z
    .array(z.strictObject({ name: name('the Secret') }))
    .max(10)
    .default([])
    .describe('Secrets for the registry'),
});

const monitoring = z.strictObject({
  namespace: name('the namespace whose pods may read /metrics of the services; none when left out').optional(),
});

const migrations = z.strictObject({
  policy: z
    .enum(['Automatic', 'Manual'])
    .default('Automatic')
    .describe('Manual: wait until the annotation souk.dev/migrate names the target version'),
  timeoutSeconds: z.int().min(10).max(86_400).default(600).describe('Longest time of one migration'),
});

const rollout = z.strictObject({
  progressDeadlineSeconds: z
    .int()
    .min(10)
    .max(3_600)
    .default(300)
    .describe('Longest time without progress of one service'),
  autoRollback: z.boolean().default(true).describe('Return to the previous images when an upgrade fails'),
  verify: z
    .strictObject({
      smoke: z.boolean().default(true).describe('Place, pay and cancel an order before a version counts as good'),
    })
    .prefault({})
    .describe('What proves a version'),
});

export const shopSpecSchema = z.strictObject({
  version: z
    .string()
    .max(40)
    .regex(/^[0-9]+\.[0-9]+\.[0-9]+(-[0-9a-z.-]+)?$/)
    .describe('Version of Souk, from the catalogue of the operator'),
  image: image.prefault({}).describe('Where images come from'),
  services,
  data: data.prefault({}).describe('Databases'),
  messaging: messaging.prefault({}).describe('The broker of events'),
  cache: cache.prefault({}).describe('Cache, rate limits and live connections'),
  mail: mail.prefault({}).describe('How mails leave'),
  exposure: exposure.prefault({}).describe('The way in from outside the cluster'),
  monitoring: monitoring.prefault({}).describe('Who may collect metrics'),
  migrations: migrations.prefault({}).describe('Changes of the database schemas; they only ever add'),
  rollout: rollout.prefault({}).describe('How a new version replaces the old one'),
  demoData: z.boolean().default(false).describe('Write demonstration accounts and products, once; not for production'),
  paused: z.boolean().default(false).describe('Hands off: nothing is created, changed or repaired'),
  deletionPolicy: z
    .enum(['Retain', 'Delete'])
    .default('Retain')
    .describe('What becomes of volumes and generated Secrets when the Shop is deleted'),
});

export type ShopSpec = z.output<typeof shopSpecSchema>;
export type ShopSpecInput = z.input<typeof shopSpecSchema>;
export type ServiceSpec = NonNullable<ShopSpec['services'][ServiceName]>;
