// Takes schemas over from where they are published: `node cdk8s/test/schemas/refresh.mjs kubernetes|skaffold|http-route < source`.
// README.md beside this file says where each comes from. Texts are dropped: the tests need the rules only.
import { readFileSync, writeFileSync } from 'node:fs';
import { parse } from 'yaml';

const KINDS = [
  'io.k8s.api.core.v1.Namespace',
  'io.k8s.api.core.v1.ServiceAccount',
  'io.k8s.api.core.v1.Service',
  'io.k8s.api.core.v1.Secret',
  'io.k8s.api.core.v1.ConfigMap',
  'io.k8s.api.apps.v1.Deployment',
  'io.k8s.api.apps.v1.StatefulSet',
  'io.k8s.api.batch.v1.Job',
  'io.k8s.api.networking.v1.NetworkPolicy',
  'io.k8s.api.networking.v1.Ingress',
  'io.k8s.api.policy.v1.PodDisruptionBudget',
  'io.k8s.api.autoscaling.v2.HorizontalPodAutoscaler',
];
const DROPPED = /^(description|x-.*|format|title|examples|example|default)$/;
// JSON Schema's own words have a schema or a list of names below; a property may be called "description" too.
const NAMED = new Set(['properties', 'definitions', 'patternProperties', '$defs']);

function strip(node, insideNames = false) {
  if (Array.isArray(node)) return node.map((item) => strip(item));
  if (node === null || typeof node !== 'object') return node;
  if (!insideNames && node.format === 'int-or-string') return { type: ['integer', 'string'] };
  if (!insideNames && node['x-kubernetes-int-or-string']) return { type: ['integer', 'string'] };
  const entries = Object.entries(node).filter(([key]) => insideNames || !DROPPED.test(key));
  return Object.fromEntries(entries.map(([key, value]) => [key, strip(value, !insideNames && NAMED.has(key))]));
}

/** A misspelt field is refused: what lists its properties allows no others. */
function strict(node) {
  if (Array.isArray(node)) return node.map(strict);
  if (node === null || typeof node !== 'object') return node;
  const result = Object.fromEntries(Object.entries(node).map(([key, value]) => [key, strict(value)]));
  if (node.properties && node.type === 'object' && node.additionalProperties === undefined) {
    result.additionalProperties = false;
  }
  return result;
}

function referencesOf(node) {
  return [...JSON.stringify(node).matchAll(/"#\/definitions\/([^"]+)"/g)].map((match) => match[1]);
}

function kubernetes(source) {
  const { info, definitions } = JSON.parse(source);
  const wanted = new Map();
  const queue = [...KINDS];
  for (let name = queue.shift(); name !== undefined; name = queue.shift()) {
    if (wanted.has(name)) continue;
    wanted.set(name, strict(strip(definitions[name])));
    queue.push(...referencesOf(definitions[name]));
  }
  const kinds = KINDS.map((name) => {
    const { group, kind, version } = definitions[name]['x-kubernetes-group-version-kind'][0];
    return [`${group === '' ? '' : `${group}/`}${version}/${kind}`, name];
  });
  const sorted = [...wanted].sort(([a], [b]) => (a < b ? -1 : 1));
  return { version: info.version, kinds: Object.fromEntries(kinds), definitions: Object.fromEntries(sorted) };
}

function httpRoute(source) {
  const { spec } = parse(source);
  const { schema } = spec.versions.find(({ name }) => name === 'v1');
  const { properties, ...rest } = strict(strip(schema.openAPIV3Schema));
  delete properties.status;
  // The API server checks metadata itself; a custom resource's schema says only that it is an object.
  return { ...rest, properties: { ...properties, metadata: { type: 'object' } } };
}

const SOURCES = {
  kubernetes: { file: 'kubernetes.json', convert: kubernetes },
  skaffold: { file: 'skaffold-v4beta13.json', convert: (source) => strip(JSON.parse(source)) },
  'http-route': { file: 'http-route.json', convert: httpRoute },
};

const chosen = SOURCES[process.argv[2]];
if (chosen === undefined) {
  console.error(`Usage: refresh.mjs ${Object.keys(SOURCES).join('|')} < source`);
  process.exit(2);
}
writeFileSync(new URL(chosen.file, import.meta.url), `${JSON.stringify(chosen.convert(readFileSync(0, 'utf8')))}\n`);
