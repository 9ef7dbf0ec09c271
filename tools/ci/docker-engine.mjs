// A Docker engine for the length of a run: started by a script that installs what is missing, stopped without a trace.
import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';

const ATTEMPTS = 2;
/** Installing the engine, building its plugins and the base images on a new machine included. */
const START_MINUTES = 15;
const STOP_MS = 60_000;

const PID_FILES = ['/var/run/docker.pid', '/var/run/docker/containerd/containerd.pid'];
/** Where an engine mounts things: file systems of containers, name spaces of networks. */
const OWN_MOUNTS = /^\/(var\/lib\/docker|run\/docker|var\/run\/docker)\//;

export const engineAnswers = () => spawnSync('docker', ['info'], { stdio: 'ignore', timeout: 20_000 }).status === 0;

/**
 * Answers `running` (it was there before), `started` (stop it in the end) or `undefined` (there is none to be had). `endsAt`
 * is when the whole run has to be over, on the clock of `performance.now()`.
 */
export async function startEngine(steps, { engine: script, endsAt }) {
  const limit = () => ({ minutes: Math.min(START_MINUTES, Math.max(1, (endsAt - performance.now()) / 60_000 / 2)) });
  if (engineAnswers()) {
    // Seconds: it looks whether the base images are there.
    return (await steps.attempt('Base images', [script], limit())) ? 'running' : undefined;
  }
  for (let attempt = 1; attempt <= ATTEMPTS; attempt += 1) {
    if (await steps.attempt('A Docker engine', [script], limit())) return 'started';
    console.log(`The Docker engine did not start (attempt ${attempt} of ${ATTEMPTS})`);
    await stopEngine();
  }
  return undefined;
}

function isAlive(pid) {
  try {
    // Whoever takes up the orphans of this machine may do so late: what is dead and still listed has ended.
    return !/^State:\s+Z/m.test(readFileSync(`/proc/${pid}/status`, 'utf8'));
  } catch {
    return false;
  }
}

function readPids() {
  return PID_FILES.flatMap((file) => {
    try {
      const pid = Number(readFileSync(file, 'utf8'));
      return pid > 1 && isAlive(pid) && /^(dockerd|containerd)$/.test(nameOf(pid)) ? [pid] : [];
    } catch {
      return [];
    }
  });
}

const nameOf = (pid) => readFileSync(`/proc/${pid}/comm`, 'utf8').trim();

async function haveEnded(pids, withinMs) {
  for (const end = performance.now() + withinMs; performance.now() < end; await sleep(100))
    if (!pids.some(isAlive)) return true;
  return false;
}

/** Ends the engine with its containers and its containerd, and lets go of what they had mounted. */
export async function stopEngine() {
  const pids = readPids();
  const [dockerd] = pids;
  if (dockerd !== undefined) process.kill(dockerd, 'SIGTERM');
  if (!(await haveEnded(pids, STOP_MS))) {
    console.log('The Docker engine does not end: killed');
    for (const pid of pids.filter(isAlive)) process.kill(pid, 'SIGKILL');
    await haveEnded(pids, STOP_MS);
  }
  const mounts = readFileSync('/proc/mounts', 'utf8').split('\n');
  const left = mounts.map((line) => line.split(' ')[1] ?? '').filter((path) => OWN_MOUNTS.test(path));
  for (const path of left.sort().reverse()) spawnSync('umount', ['--lazy', path], { stdio: 'ignore' });
  if (dockerd !== undefined) console.log('\nThe Docker engine has ended');
}
