// npm run test:cluster [-- --quick] [--profile=prod] [--keep]: the platform on a real cluster, whichever the kubeconfig names.
// Its namespace "souk" is emptied first and at the end. `SOUK_CLUSTER_LOAD` brings images into the cluster.
import { parseArgs } from 'node:util';
import { type Point, runChecklist } from '../deployed/checklist.ts';
import { run } from '../deployed/program.ts';
import { closedPoint, deployPoints, jobsAgainPoint, productionPoint } from './basic-points.ts';
import { fileSyncPoint } from './file-sync-point.ts';
import { kubectl, NAMESPACE } from './kubectl.ts';
import type { LoadOptions } from './load.ts';
import {
  autoscalerPoint,
  killPoint,
  outagePoint,
  rollingRestartPoint,
  secondReplicaPoint,
} from './resilience-points.ts';
import { SkaffoldRun } from './skaffold-run.ts';

const { values: flags } = parseArgs({
  options: {
    /** Deployment, one order, the dry run, a rolling restart and an outage: what every change has to pass. */
    quick: { type: 'boolean', default: false },
    /** Leave the platform running. */
    keep: { type: 'boolean', default: false },
    /** Of skaffold.yaml; "dev" is none. */
    profile: { type: 'string', default: 'prod' },
  },
});

const profile = flags.profile === 'dev' ? undefined : flags.profile;
const skaffold = new SkaffoldRun(profile);
const load = (): LoadOptions => ({ image: skaffold.built.get('souk/api-gateway') ?? '', requestsPerSecond: 50 });

function points(): Point[] {
  const deployed = deployPoints(skaffold, process.env.SOUK_CLUSTER_LOAD);
  if (flags.quick) return [...deployed, closedPoint, productionPoint, rollingRestartPoint(load), outagePoint('quick')];
  const first = [...deployed, jobsAgainPoint(skaffold), closedPoint, productionPoint, rollingRestartPoint(load)];
  if (profile === undefined) return [...first, fileSyncPoint, secondReplicaPoint];
  return [...first, secondReplicaPoint, autoscalerPoint, killPoint(load), outagePoint('thorough')];
}

const removeAll = () =>
  kubectl(['delete', 'namespace', NAMESPACE, '--ignore-not-found', '--timeout=180s'], { timeoutMs: 190_000 });

/** What one needs to see when a point failed. */
async function tellState(): Promise<void> {
  for (const args of [
    ['get', 'pods', '--output', 'wide'],
    ['get', 'events', '--field-selector', 'type=Warning', '--sort-by', '.lastTimestamp'],
  ])
    console.log((await kubectl(args).catch(String)).split('\n').slice(-25).join('\n'));
}

const server = (
  await run('kubectl', ['config', 'view', '--minify', '--output', 'jsonpath={.clusters[0].cluster.server}'])
).trim();
await removeAll();
const ok = await runChecklist(`The platform on the cluster ${server}, profile ${flags.profile}`, points());
if (!ok) await tellState();
if (flags.keep) console.log(await kubectl(['get', 'all']));
else await removeAll();
process.exitCode = ok ? 0 : 1;
