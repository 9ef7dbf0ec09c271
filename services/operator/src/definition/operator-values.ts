import { z } from 'zod';
import { extraReleaseSchema } from '../desired/catalogue.ts';

const quantities = z.strictObject({
  cpu: z.string().optional(),
  memory: z.string().optional(),
  'ephemeral-storage': z.string().optional(),
});

const interval = z
  .string()
  .regex(/^[0-9]+(s|m)$/)
  .default('30s')
  .describe('How often');

const labels = z.record(z.string(), z.string());

/** The values of charts/shop-operator; its schema and the table of its README come from here. */
export const operatorValuesSchema = z.strictObject({
  image: z
    .strictObject({
      repository: z.string().min(1).default('souk/operator').describe('Image without tag'),
      tag: z.string().default('').describe('Tag; the appVersion of the chart when empty'),
      digest: z
        .string()
        .regex(/^$|^sha256:[0-9a-f]{64}$/)
        .default('')
        .describe('Digest; goes before the tag'),
      pullPolicy: z.enum(['IfNotPresent', 'Always', 'Never']).default('IfNotPresent').describe('When it is pulled'),
    })
    .describe('The image of the operator, which also tests shops'),
  imagePullSecrets: z
    .array(z.strictObject({ name: z.string().min(1) }))
    .default([])
    .describe('Secrets for its registry'),
  replicas: z.int().min(1).max(5).default(2).describe('Replicas; one of them works, the others wait'),
  watchNamespaces: z
    .array(z.string().regex(/^[a-z0-9]([a-z0-9-]*[a-z0-9])?$/))
    .default([])
    .describe('Namespaces whose Shops are worked on, with a Role in each; only the one of the release when empty'),
  clusterWide: z
    .boolean()
    .default(false)
    .describe('Work on the Shops of all namespaces, by a ClusterRole; watchNamespaces is not read then'),
  crds: z
    .strictObject({
      enabled: z.boolean().default(true).describe('Install and upgrade the CustomResourceDefinition with the release'),
      keep: z.boolean().default(true).describe('Keep it, and with it every Shop, when the release is uninstalled'),
    })
    .describe('The CustomResourceDefinition'),
  logLevel: z.enum(['debug', 'info', 'warn', 'error']).default('info').describe('Least severe level that is logged'),
  resources: z
    .strictObject({ requests: quantities.optional(), limits: quantities.optional() })
    .describe('Resources of one replica'),
  releases: z
    .array(extraReleaseSchema)
    .default([])
    .describe('Versions of Souk that are newer than this operator, or that it shall know otherwise'),
  nodeSelector: z.record(z.string(), z.string()).default({}).describe('Labels of the nodes to run on'),
  tolerations: z.array(z.record(z.string(), z.unknown())).default([]).describe('Taints of nodes to bear'),
  podDisruptionBudget: z
    .strictObject({ enabled: z.boolean().default(true).describe('At most one replica is taken away at a time') })
    .describe('Disruption budget'),
  serviceMonitor: z
    .strictObject({
      enabled: z.boolean().default(false).describe('Have the Prometheus operator collect /metrics of the operator'),
      interval,
    })
    .describe('Needs the CustomResourceDefinitions of the Prometheus operator'),
  podMonitor: z
    .strictObject({
      enabled: z
        .boolean()
        .default(false)
        .describe('Have it collect /metrics of the services of Shops, which let it in by spec.monitoring.namespace'),
      interval,
    })
    .describe('Needs the CustomResourceDefinitions of the Prometheus operator'),
  prometheusRule: z
    .strictObject({
      enabled: z.boolean().default(false).describe('Alerts on the operator, on Shops and their services'),
    })
    .describe('Needs the CustomResourceDefinitions of the Prometheus operator'),
  dashboard: z
    .strictObject({
      enabled: z.boolean().default(false).describe('A ConfigMap with a dashboard that the sidecar of Grafana finds'),
      labels: labels.default({ grafana_dashboard: '1' }).describe('What the sidecar looks for'),
    })
    .describe('Grafana'),
  monitoringLabels: labels.default({}).describe('On what the Prometheus operator shall find, like release: prometheus'),
  global: z.record(z.string(), z.unknown()).optional().describe('Values that Helm shares between charts'),
});
