import { type Manifest, SERVICES } from '@souk/cdk8s';
import type { DesiredInput } from './desired-objects.ts';

/** A Job that buys something through the gateway, as the operator's own image, and the way to the gateway for it. */
export function smokeManifests({ operatorImage, revision, shop, spec }: DesiredInput, prefix: string): Manifest[] {
  if (!spec.rollout.verify.smoke || operatorImage === undefined) return [];
  const gateway = SERVICES['api-gateway'];
  const selector = {
    'app.kubernetes.io/name': 'smoke',
    'app.kubernetes.io/instance': shop.metadata.name,
  };
  const labels = {
    ...selector,
    'app.kubernetes.io/component': 'smoke',
    'app.kubernetes.io/part-of': 'souk',
    'app.kubernetes.io/version': revision.version,
    'app.kubernetes.io/managed-by': 'shop-operator',
  };
  const namespace = shop.metadata.namespace;
  const toGateway = {
    podSelector: {
      matchLabels: { 'app.kubernetes.io/name': gateway.name, 'app.kubernetes.io/instance': shop.metadata.name },
    },
  };
  const dns = {
    namespaceSelector: { matchLabels: { 'kubernetes.io/metadata.name': 'kube-system' } },
    podSelector: { matchLabels: { 'k8s-app': 'kube-dns' } },
  };
  return [
    {
      apiVersion: 'networking.k8s.io/v1',
      kind: 'NetworkPolicy',
      metadata: { name: `${prefix}smoke`, namespace, labels },
      spec: {
        podSelector: { matchLabels: selector },
        policyTypes: ['Ingress', 'Egress'],
        egress: [
          {
            to: [dns],
            ports: [
              { protocol: 'UDP', port: 53 },
              { protocol: 'TCP', port: 53 },
            ],
          },
          { to: [toGateway], ports: [{ protocol: 'TCP', port: gateway.port }] },
        ],
      },
    },
    {
      apiVersion: 'batch/v1',
      kind: 'Job',
      metadata: { name: `${prefix}smoke-${revision.id}`, namespace, labels },
      spec: {
        backoffLimit: 2,
        activeDeadlineSeconds: 180,
        ttlSecondsAfterFinished: 3_600,
        template: {
          metadata: { labels },
          spec: smokePod({ image: operatorImage, url: `http://${prefix}${gateway.name}:${gateway.port}` }),
        },
      },
    },
  ];
}

function smokePod({ image, url }: { image: string; url: string }): Record<string, unknown> {
  return {
    automountServiceAccountToken: false,
    enableServiceLinks: false,
    restartPolicy: 'Never',
    securityContext: {
      runAsNonRoot: true,
      runAsUser: 65_532,
      runAsGroup: 65_532,
      seccompProfile: { type: 'RuntimeDefault' },
    },
    containers: [
      {
        name: 'smoke',
        image,
        imagePullPolicy: 'IfNotPresent',
        args: ['main.js', 'smoke'],
        env: [{ name: 'SHOP_URL', value: url }],
        resources: {
          requests: { cpu: '25m', memory: '96Mi', 'ephemeral-storage': '32Mi' },
          limits: { memory: '256Mi', 'ephemeral-storage': '256Mi' },
        },
        securityContext: {
          allowPrivilegeEscalation: false,
          privileged: false,
          capabilities: { drop: ['ALL'] },
          readOnlyRootFilesystem: true,
        },
      },
    ],
  };
}
