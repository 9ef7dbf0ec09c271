import type { Manifest } from '../render/metadata.ts';
import type { Edge } from '../render/network-policy.ts';
import { selects, titleOf, workloadsOf } from './workloads.ts';

interface Peer {
  podSelector?: { matchLabels?: Record<string, string> };
  namespaceSelector?: { matchLabels?: Record<string, string> };
  ipBlock?: { cidr: string; except?: string[] };
}

interface Port {
  port: number;
  protocol: string;
}

interface PolicySpec {
  podSelector: { matchLabels?: Record<string, string> };
  policyTypes?: string[];
  ingress?: { from?: Peer[]; ports?: Port[] }[];
  egress?: { to?: Peer[]; ports?: Port[] }[];
}

const NAME = 'app.kubernetes.io/name';

const policiesOf = (manifests: readonly Manifest[]) =>
  manifests
    .filter(({ kind }) => kind === 'NetworkPolicy')
    .map((manifest) => ({ manifest, spec: manifest.spec as PolicySpec }));

/** The connections inside the namespace that the policies let in, and those that they let out; a connection needs both. */
export function edgesInPolicies(manifests: readonly Manifest[]): { ingress: Edge[]; egress: Edge[] } {
  const ingress: Edge[] = [];
  const egress: Edge[] = [];
  for (const { spec } of policiesOf(manifests)) {
    const own = spec.podSelector.matchLabels?.[NAME];
    if (own === undefined) continue;
    for (const rule of spec.ingress ?? [])
      ingress.push(...pairsOf(rule.from, rule.ports).map(({ name, port }) => ({ from: name, to: own, port })));
    for (const rule of spec.egress ?? [])
      egress.push(...pairsOf(rule.to, rule.ports).map(({ name, port }) => ({ from: own, to: name, port })));
  }
  return { ingress, egress };
}

function pairsOf(peers: readonly Peer[] = [], ports: readonly Port[] = []): { name: string; port: number }[] {
  return peers
    .filter(({ namespaceSelector }) => namespaceSelector === undefined)
    .flatMap(({ podSelector }) => {
      const name = podSelector?.matchLabels?.[NAME];
      return name === undefined ? [] : ports.map(({ port }) => ({ name, port }));
    });
}

const textOf = ({ from, port, to }: Edge) => `${from} -> ${to}:${port}`;

/** Where the policies differ from the edges that the model allows, leave a pod open, or take the names away. */
export function findNetworkProblems(manifests: readonly Manifest[], allowed: readonly Edge[]): string[] {
  const problems: string[] = [];
  const wanted = new Set(allowed.map(textOf));
  const { egress, ingress } = edgesInPolicies(manifests);
  for (const [direction, edges] of [
    ['in', ingress],
    ['out', egress],
  ] as const) {
    const found = new Set(edges.map(textOf));
    problems.push(...[...wanted].filter((edge) => !found.has(edge)).map((edge) => `${edge} is not let ${direction}`));
    problems.push(...[...found].filter((edge) => !wanted.has(edge)).map((edge) => `${edge} is let ${direction}`));
  }
  return [...problems, ...coverageProblems(manifests), ...dnsProblems(manifests, allowed)];
}

function coverageProblems(manifests: readonly Manifest[]): string[] {
  const policies = policiesOf(manifests);
  const problems: string[] = [];
  const all = policies.find(({ spec }) => Object.keys(spec.podSelector.matchLabels ?? {}).length === 0);
  const both = (spec: PolicySpec) => spec.policyTypes?.includes('Ingress') && spec.policyTypes.includes('Egress');
  if (!all || !both(all.spec) || all.spec.ingress?.length || all.spec.egress?.length)
    problems.push('Nothing denies what no policy allows');
  for (const { labels, title } of workloadsOf(manifests)) {
    const own = policies.filter((one) => one !== all && selects(one.spec.podSelector.matchLabels ?? {}, labels));
    if (own.length !== 1) problems.push(`${title} has ${own.length} policies of its own, expected one`);
    if (!own.every(({ spec }) => both(spec))) problems.push(`${title} is closed in one direction only`);
  }
  return problems;
}

/** Whoever opens a connection needs names, over both protocols: answers above 1232 bytes come by TCP. */
function dnsProblems(manifests: readonly Manifest[], allowed: readonly Edge[]): string[] {
  const callers = new Set(allowed.map(({ from }) => from));
  return policiesOf(manifests).flatMap(({ manifest, spec }) => {
    const own = spec.podSelector.matchLabels?.[NAME] ?? '';
    const rules = (spec.egress ?? []).filter(({ to = [] }) =>
      to.some(({ podSelector }) => podSelector?.matchLabels?.['k8s-app'] === 'kube-dns'),
    );
    const open = rules.flatMap(({ ports = [] }) => ports.map(({ port, protocol }) => `${protocol} ${port}`));
    const needed = callers.has(own) || (spec.egress ?? []).length > 0;
    return ['UDP 53', 'TCP 53']
      .filter((port) => needed && !open.includes(port))
      .map((port) => `${titleOf(manifest)} does not reach the cluster's DNS by ${port}`);
  });
}
