import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { run } from '../deployed/program.ts';

/** CustomResourceDefinitions of another project, by the Go module that carries them. */
export interface ForeignDefinitions {
  module: string;
  files: readonly string[];
}

export const HTTP_ROUTES: ForeignDefinitions = {
  module: 'sigs.k8s.io/gateway-api@v1.3.0',
  files: ['config/crd/standard/gateway.networking.k8s.io_httproutes.yaml'],
};

const PROMETHEUS = 'example/prometheus-operator-crd/monitoring.coreos.com';

export const MONITORS: ForeignDefinitions = {
  module: 'github.com/prometheus-operator/prometheus-operator@v0.85.0',
  files: ['servicemonitors', 'podmonitors', 'prometheusrules'].map((name) => `${PROMETHEUS}_${name}.yaml`),
};

/** Their text, with `---` between them; needs Go and its module proxy. */
export async function fetchDefinitions({
  files,
  module,
}: ForeignDefinitions): Promise<{ text: string; source: string }> {
  const answer = await run('go', ['mod', 'download', '-json', module], { timeoutMs: 300_000 });
  const { Dir: folder } = JSON.parse(answer) as { Dir: string };
  return { text: files.map((file) => readFileSync(join(folder, file), 'utf8')).join('\n---\n'), source: module };
}
