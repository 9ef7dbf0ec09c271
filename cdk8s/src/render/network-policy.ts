import { k8s } from 'cdk8s-plus-27';
import type { Construct } from 'constructs';
import { isEmbedded, type PlatformOptions } from '../model/options.ts';
import {
  AMQP_PORT,
  MAIL_PAGE_PORT,
  POSTGRES_PORT,
  POSTGRES_SERVERS,
  postgresServerOf,
  REDIS_PORT,
  SERVICES,
  type ServiceModel,
  SMTP_PORT,
} from '../model/platform.ts';
import { jobAppName } from './job.ts';
import { labels, selectorLabels } from './metadata.ts';

/** One allowed connection inside the namespace: the pods `from` may open `port` of the pods `to`. */
export interface Edge {
  from: string;
  to: string;
  port: number;
}

/** Everything the model lets one pod say to another; NetworkPolicies are exactly this, both ways. */
export function edgesOf(
  options: Pick<PlatformOptions, 'data' | 'demoData'>,
  services: Readonly<Record<string, ServiceModel>> = SERVICES,
): Edge[] {
  const edges: Edge[] = [];
  for (const service of Object.values(services)) {
    for (const callee of service.calls) edges.push({ from: service.name, to: callee, port: SERVICES[callee].port });
    if (service.broker && isEmbedded(options, 'messaging'))
      edges.push({ from: service.name, to: 'rabbitmq', port: AMQP_PORT });
    if (service.cache && isEmbedded(options, 'cache'))
      edges.push({ from: service.name, to: 'redis', port: REDIS_PORT });
    if (service.name === 'notification-service' && isEmbedded(options, 'mail'))
      edges.push({ from: service.name, to: 'mailpit', port: SMTP_PORT });
    if (!service.database || !isEmbedded(options, 'database')) continue;
    const server = postgresServerOf(service.database);
    const clients = [
      service.name,
      jobAppName(service, 'migrate'),
      ...(service.seeds && options.demoData ? [jobAppName(service, 'seed')] : []),
    ];
    for (const from of clients) edges.push({ from, to: server, port: POSTGRES_PORT });
  }
  return edges;
}

const tcp = (port: number): k8s.NetworkPolicyPort => ({ protocol: 'TCP', port: k8s.IntOrString.fromNumber(port) });

/** Without this every default-deny namespace loses its names: port 53 of the cluster's DNS, both protocols. */
function dnsEgress(): k8s.NetworkPolicyEgressRule {
  return {
    to: [
      {
        namespaceSelector: { matchLabels: { 'kubernetes.io/metadata.name': 'kube-system' } },
        podSelector: { matchLabels: { 'k8s-app': 'kube-dns' } },
      },
    ],
    ports: [{ protocol: 'UDP', port: k8s.IntOrString.fromNumber(53) }, tcp(53)],
  };
}

/** Hosts outside: any address that is not private, so that a stolen pod cannot walk the cluster's networks. */
function externalEgress(ports: readonly number[], privateToo: boolean): k8s.NetworkPolicyEgressRule {
  const except = ['10.0.0.0/8', '172.16.0.0/12', '192.168.0.0/16', '169.254.0.0/16'];
  return { to: [{ ipBlock: { cidr: '0.0.0.0/0', ...(privateToo ? {} : { except }) } }], ports: ports.map(tcp) };
}

/** Data services outside the namespace may have any address, private ones included; their ports are known. */
function externalDataPorts(service: ServiceModel, options: PlatformOptions): number[] {
  return [
    ...(service.database && !isEmbedded(options, 'database') ? [POSTGRES_PORT] : []),
    ...(service.broker && !isEmbedded(options, 'messaging') ? [AMQP_PORT, 5671] : []),
    ...(service.cache && !isEmbedded(options, 'cache') ? [REDIS_PORT] : []),
  ];
}

export function renderDefaultDeny(scope: Construct, options: PlatformOptions): void {
  new k8s.KubeNetworkPolicy(scope, 'default-deny', {
    metadata: {
      name: 'default-deny',
      namespace: options.namespace,
      labels: labels('default-deny', 'network', options),
    },
    spec: { podSelector: {}, policyTypes: ['Ingress', 'Egress'] },
  });
}

function groupByPort(edges: readonly Edge[], peerOf: (edge: Edge) => string): Map<number, string[]> {
  const groups = new Map<number, string[]>();
  for (const edge of edges) groups.set(edge.port, [...(groups.get(edge.port) ?? []), peerOf(edge)].sort());
  return new Map([...groups].sort(([a], [b]) => a - b));
}

/** One policy for one kind of pod. */
function renderPolicy(
  scope: Construct,
  { name, ...extra }: { name: string; ingress: k8s.NetworkPolicyIngressRule[]; egress: k8s.NetworkPolicyEgressRule[] },
  options: PlatformOptions,
): void {
  const edges = edgesOf(options);
  const peers = (names: string[]) =>
    names.map((peer) => ({ podSelector: { matchLabels: selectorLabels(peer, options) } }));
  const incoming = groupByPort(
    edges.filter((edge) => edge.to === name),
    (edge) => edge.from,
  );
  const outgoing = groupByPort(
    edges.filter((edge) => edge.from === name),
    (edge) => edge.to,
  );
  const ingress = [...incoming].map(([port, names]) => ({ from: peers(names), ports: [tcp(port)] }));
  const egress = [...outgoing].map(([port, names]) => ({ to: peers(names), ports: [tcp(port)] }));
  new k8s.KubeNetworkPolicy(scope, `${name}-network`, {
    metadata: { name, namespace: options.namespace, labels: labels(name, 'network', options) },
    spec: {
      podSelector: { matchLabels: selectorLabels(name, options) },
      policyTypes: ['Ingress', 'Egress'],
      ingress: [...extra.ingress, ...ingress],
      egress: [...extra.egress, ...egress],
    },
  });
}

/** The policies of a service and of its Jobs. Kubelet probes reach a pod whatever its policies say. */
export function renderServicePolicies(scope: Construct, service: ServiceModel, options: PlatformOptions): void {
  const toData = externalDataPorts(service, options);
  const egress = [
    dnsEgress(),
    ...(toData.length > 0 ? [externalEgress(toData, true)] : []),
    ...(service.externalPorts.length > 0 ? [externalEgress(service.externalPorts, false)] : []),
  ];
  // The public door: whoever may reach the cluster may reach it; nothing else takes calls from outside.
  const ingress = service.name === 'api-gateway' ? [{ ports: [tcp(service.port)] }] : [];
  renderPolicy(scope, { name: service.name, ingress, egress }, options);
  if (!service.database) return;
  const commands = service.seeds && options.demoData ? (['migrate', 'seed'] as const) : (['migrate'] as const);
  for (const command of commands) {
    const data = isEmbedded(options, 'database') ? [] : [externalEgress([POSTGRES_PORT], true)];
    const name = jobAppName(service, command);
    renderPolicy(scope, { name, ingress: [], egress: [dnsEgress(), ...data] }, options);
  }
}

/** The policies of the embedded data tier: only its clients, no way out but mail's page for a port-forward. */
export function renderDataPolicies(scope: Construct, options: PlatformOptions): void {
  if (isEmbedded(options, 'database'))
    for (const server of Object.keys(POSTGRES_SERVERS))
      renderPolicy(scope, { name: server, ingress: [], egress: [] }, options);
  if (isEmbedded(options, 'cache')) renderPolicy(scope, { name: 'redis', ingress: [], egress: [] }, options);
  if (isEmbedded(options, 'messaging'))
    renderPolicy(scope, { name: 'rabbitmq', ingress: [], egress: [dnsEgress()] }, options);
  if (isEmbedded(options, 'mail'))
    renderPolicy(scope, { name: 'mailpit', ingress: [{ ports: [tcp(MAIL_PAGE_PORT)] }], egress: [] }, options);
}
