// npm run test:operator [-- --only=plumbing|charts|cluster]: the operator and its charts. What needs an API server alone
// starts one when kube-apiserver and etcd are on the path; what needs nodes uses the cluster of the kubeconfig.
import { parseArgs } from 'node:util';
import { runChecklist } from '../deployed/checklist.ts';
import { run } from '../deployed/program.ts';
import { createApiServer, hasApiServer } from './api-server.ts';
import { chartPoints } from './chart-points.ts';
import { OnCluster } from './cluster-points.ts';
import { fetchHelm, fetchHelm3 } from './helm.ts';
import { prepareImages } from './images.ts';
import { Plumbing } from './plumbing-points.ts';
import type { Figures } from './stage.ts';

const { values: flags } = parseArgs({
  options: {
    only: { type: 'string' },
    /** Install, repairs, one rollback and the end. */
    quick: { type: 'boolean', default: false },
    /** Take the images souk/<service>:0.1.0 as they are. */
    build: { type: 'boolean', default: true },
    /** Leave operator and Shop running. */
    keep: { type: 'boolean', default: false },
    /** A pattern of titles to leave out. */
    skip: { type: 'string' },
    /** Try the charts with Helm 3 too. */
    helm3: { type: 'boolean' },
  },
  allowNegative: true,
});
const wants = (part: string) => flags.only === undefined || flags.only === part;

const isSkipped = (title: string) => flags.skip !== undefined && new RegExp(flags.skip).test(title);

async function runPlumbing(): Promise<boolean> {
  if (!hasApiServer()) {
    console.log('No kube-apiserver and etcd on the path: the tests with an API server alone are left out');
    return true;
  }
  await run(process.execPath, ['tools/bundle.mjs', 'services/operator']);
  const server = await createApiServer();
  await server.start();
  const plumbing = new Plumbing(server);
  try {
    return await runChecklist('The operator and an API server', plumbing.points(), { stopAtFirst: true });
  } finally {
    await plumbing.stop();
    await server.remove();
  }
}

/** By both Helms; 3 is built from source where it is missing, so only a whole run asks for it by itself. */
const wantsHelm3 = flags.helm3 ?? (flags.only === undefined || process.env.HELM3 !== undefined);

async function runCharts(): Promise<boolean> {
  let ok = true;
  for (const fetch of wantsHelm3 ? [fetchHelm, fetchHelm3] : [fetchHelm]) {
    const helm = await fetch();
    try {
      ok = (await runChecklist('The charts', chartPoints(helm))) && ok;
    } finally {
      helm.remove();
    }
  }
  return ok;
}

async function runOnCluster(): Promise<boolean> {
  const helm = await fetchHelm();
  const helm3 = wantsHelm3 && !flags.quick ? await fetchHelm3() : undefined;
  const { build, quick } = flags;
  const loadImages = () => prepareImages({ loadCommand: process.env.SOUK_CLUSTER_LOAD, build, quick });
  const onCluster = new OnCluster({ helm, helm3, loadImages, quick });
  try {
    await onCluster.remove();
    const points = onCluster.points().filter(({ title }) => !isSkipped(title));
    const ok = await runChecklist('The operator on a cluster', points, { stopAtFirst: true });
    for (const [name, figure] of onCluster.figures) figures.set(name, figure);
    if (!ok) await onCluster.tellState();
    return ok;
  } finally {
    if (!flags.keep) await onCluster.remove();
    helm.remove();
    helm3?.remove();
  }
}

const figures: Figures = new Map();
let ok = true;
if (wants('charts')) ok = (await runCharts()) && ok;
if (wants('plumbing')) ok = (await runPlumbing()) && ok;
if (wants('cluster')) ok = (await runOnCluster()) && ok;
if (figures.size > 0) {
  const width = Math.max(...[...figures.keys()].map(({ length }) => length));
  console.log(`\n${[...figures].map(([name, figure]) => `${name.padEnd(width)}  ${figure}`).join('\n')}`);
}
process.exitCode = ok ? 0 : 1;
