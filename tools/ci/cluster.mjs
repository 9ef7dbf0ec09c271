// The platform and its operator on a real Kubernetes, on machines where .ci/run has found scripts that start a Docker engine
// and a cluster. What does not start there is skipped: it says nothing about the change. What starts is taken down.
import { spawnSync } from 'node:child_process';
import { startEngine, stopEngine } from './docker-engine.mjs';

const npm = (script, ...args) => ['npm', 'run', '--silent', script, '--', ...args];

const SELECTIONS = [
  { title: 'Platform on the cluster', command: npm('test:cluster', '--quick') },
  { title: 'Operator on the cluster', command: npm('test:operator', '--only=cluster', '--quick') },
];
const TITLES = SELECTIONS.map(({ title }) => title);

const CLUSTER_ATTEMPTS = 2;
/** Kubernetes is built from source on a new machine. */
const CLUSTER_MINUTES = 20;
/** What a selection takes on a machine that is not busy, and how long it may take. */
const NEEDED_MINUTES = 5;
const SELECTION_MINUTES = 15;
const MINUTE_MS = 60_000;

const clusterAnswers = () =>
  spawnSync('kubectl', ['get', '--raw', '/readyz'], { stdio: 'ignore', timeout: 20_000 }).status === 0;

async function startCluster(steps, { script, endsAt }) {
  for (let attempt = 1; attempt <= CLUSTER_ATTEMPTS; attempt += 1) {
    const minutes = Math.min(CLUSTER_MINUTES, Math.max(1, (endsAt - performance.now()) / MINUTE_MS / 2));
    if (await steps.attempt('A cluster', [script, 'up'], { minutes })) return true;
    console.log(`The cluster did not come up (attempt ${attempt} of ${CLUSTER_ATTEMPTS})`);
    await stopCluster(steps, script);
  }
  return false;
}

const stopCluster = (steps, script) =>
  steps.attempt('The cluster is removed', [script, 'down'], { minutes: 3, cleanup: true });

/** Whether there is time for something that takes so long; a run that is cut off has proven nothing. */
function hasTime(steps, title, { minutes, endsAt }) {
  const left = Math.floor((endsAt - performance.now()) / MINUTE_MS);
  if (left >= minutes) return true;
  steps.skip([title], `it needs ${minutes} minutes, ${left} are left`);
  return false;
}

/** Both selections on one cluster; the images of the first are the layers of the second. */
async function runSelections(steps, { cluster: script, endsAt }) {
  const wasThere = clusterAnswers();
  if (!(wasThere || (await startCluster(steps, { script, endsAt })))) {
    steps.skip(TITLES, 'no cluster could be started');
    return;
  }
  try {
    for (const { command, title } of SELECTIONS)
      if (hasTime(steps, title, { minutes: NEEDED_MINUTES, endsAt }))
        await steps.run(title, command, { minutes: SELECTION_MINUTES });
  } finally {
    if (!wasThere) await stopCluster(steps, script);
  }
}

/** `endsAt` is when the run has to be over, on the clock of `performance.now()`. */
export async function runOnCluster(steps, { engine, cluster, endsAt }) {
  const found = await startEngine(steps, { engine, endsAt });
  if (found === undefined) {
    steps.skip(TITLES, 'no Docker engine could be started');
    return;
  }
  try {
    await runSelections(steps, { cluster, endsAt });
  } finally {
    if (found === 'started') await stopEngine();
  }
}
