import { parse } from 'yaml';
import type { Manifest } from './render/metadata.ts';

export interface SkaffoldArtifact {
  image: string;
  context: string;
  docker: { dockerfile: string; target?: string; buildArgs?: Record<string, string> };
  sync?: { manual: { src: string; dest: string }[] };
}

export interface SkaffoldPortForward {
  resourceType: string;
  resourceName: string;
  namespace: string;
  port: number;
  localPort: number;
}

/** What is used of skaffold.yaml. */
export interface SkaffoldConfig {
  apiVersion: string;
  build: { artifacts: SkaffoldArtifact[]; local: Record<string, unknown> };
  manifests: { rawYaml: string[]; hooks: { before: { host: { command: string[] } }[] } };
  deploy: { kubectl: { flags: { apply: string[] } }; statusCheckDeadlineSeconds: number };
  portForward: SkaffoldPortForward[];
}

interface Patch {
  op: 'replace' | 'remove';
  path: string;
  value?: unknown;
}

type Profile = { name: string; patches?: Patch[] } & Record<string, unknown>;

/** skaffold.yaml or one of its profiles cannot be applied as it stands. */
export class SkaffoldError extends Error {
  override readonly name = 'SkaffoldError';
}

/** skaffold.yaml with a profile as Skaffold applies it: patches first, then each section of the profile over the main one. */
export function readSkaffold(text: string, profileName?: string): SkaffoldConfig {
  const { profiles = [], ...config } = parse(text) as SkaffoldConfig & { profiles?: Profile[] };
  if (profileName === undefined) return config;
  const profile = profiles.find(({ name }) => name === profileName);
  if (!profile) throw new SkaffoldError(`skaffold.yaml has no profile ${profileName}`);
  const { name: _name, patches = [], ...sections } = profile;
  for (const patch of patches) applyPatch(config, patch);
  return overlay(config, sections) as SkaffoldConfig;
}

/** JSON Patch, the two operations in use; a path that leads nowhere is an error, as it is for Skaffold. */
function applyPatch(config: unknown, { op, path, value }: Patch): void {
  const steps = path.split('/').slice(1);
  const last = steps.pop() ?? '';
  let parent = config as Record<string, unknown>;
  for (const step of steps) parent = (parent?.[step] ?? {}) as Record<string, unknown>;
  if (!(last in parent)) throw new SkaffoldError(`${op} ${path} finds nothing`);
  if (op === 'replace') parent[last] = value;
  else delete parent[last];
}

function overlay(base: unknown, over: unknown): unknown {
  if (!isFields(base) || !isFields(over)) return over;
  const merged = Object.entries(over).map(([key, value]) => [key, key in base ? overlay(base[key], value) : value]);
  return { ...base, ...Object.fromEntries(merged) };
}

function isFields(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

interface PodOwner extends Manifest {
  spec: { template: { spec: { containers: { image: string }[] } } };
}

/** The manifests with the images that were just built, as Skaffold rewrites them: whatever tag they had. */
export function withBuiltImages(manifests: readonly Manifest[], built: ReadonlyMap<string, string>): Manifest[] {
  return manifests.map((manifest) => {
    if (!['Deployment', 'StatefulSet', 'Job'].includes(manifest.kind)) return manifest;
    const owner = structuredClone(manifest) as PodOwner;
    for (const container of owner.spec.template.spec.containers) {
      const name = container.image.replace(/:[^/]*$/, '');
      container.image = built.get(name) ?? container.image;
    }
    return owner;
  });
}
