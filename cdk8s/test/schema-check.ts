import { readFileSync } from 'node:fs';
import { Ajv, type ErrorObject, type ValidateFunction } from 'ajv';
import { titleOf } from '../src/gates/workloads.ts';
import type { Manifest } from '../src/render/metadata.ts';

const read = (name: string) => JSON.parse(readFileSync(new URL(`schemas/${name}.json`, import.meta.url), 'utf8'));
const ajv = new Ajv({ strict: false, allErrors: true });
const kubernetes: { version: string; kinds: Record<string, string>; definitions: Record<string, object> } =
  read('kubernetes');
const compiled = new Map<string, ValidateFunction>();

function validatorOf(key: string): ValidateFunction | undefined {
  const known = compiled.get(key);
  if (known) return known;
  const name = kubernetes.kinds[key];
  if (!name && key !== 'gateway.networking.k8s.io/v1/HTTPRoute') return undefined;
  const schema = name
    ? { $ref: `#/definitions/${name}`, definitions: kubernetes.definitions }
    : (read('http-route') as object);
  const validate = ajv.compile(schema);
  compiled.set(key, validate);
  return validate;
}

const toText = ({ instancePath, message, params }: ErrorObject) =>
  `${instancePath} ${message} ${JSON.stringify(params)}`;

/** Every document against Kubernetes' own schema, unknown fields refused; kustomization.yaml is no object of the cluster. */
export function findSchemaProblems(manifests: readonly Manifest[]): string[] {
  return manifests.flatMap((manifest) => {
    const validate = validatorOf(`${manifest.apiVersion}/${manifest.kind}`);
    if (!validate) return [`${titleOf(manifest)} is of a kind without a schema`];
    return validate(manifest) ? [] : (validate.errors ?? []).map((error) => `${titleOf(manifest)}${toText(error)}`);
  });
}

let skaffold: ValidateFunction | undefined;

export function findSkaffoldProblems(config: unknown): string[] {
  skaffold ??= ajv.compile(read('skaffold-v4beta13'));
  const validate = skaffold;
  return validate(config) ? [] : (validate.errors ?? []).map(toText);
}
