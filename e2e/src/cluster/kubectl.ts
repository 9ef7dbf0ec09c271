import { spawn } from 'node:child_process';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Manifest } from '@souk/cdk8s';
import { waitFor } from '@souk/testing';
import { expectThat } from '../deployed/checklist.ts';
import { ProgramError, type ProgramOptions, ROOT, run, runBoth } from '../deployed/program.ts';

/** Where the platform of the tests lives; k8s/dev says so. */
export const NAMESPACE = 'souk';

/** kubectl in the platform's namespace, with whatever kubeconfig the environment names. */
export function kubectl(args: readonly string[], options: ProgramOptions = {}): Promise<string> {
  return run('kubectl', ['--namespace', NAMESPACE, ...args], options);
}

/** Applies objects and answers the warnings that the API server gave. */
export async function applyManifests(manifests: readonly Manifest[], args: readonly string[]): Promise<string[]> {
  // JSON is YAML to every parser; in YAML 1.1, which kubectl reads, `no` without quotes is false.
  const input = manifests.map((manifest) => JSON.stringify(manifest)).join('\n---\n');
  const { stderr } = await runBoth('kubectl', ['apply', ...args, '--filename', '-'], { input, timeoutMs: 180_000 });
  return stderr.split('\n').filter((line) => line.startsWith('Warning'));
}

export interface PodState {
  name: string;
  /** `app.kubernetes.io/name` */
  app: string;
  ready: boolean;
  restarts: number;
  /** On its way out. */
  leaving: boolean;
  /** A Job's pod that has ended well. */
  succeeded: boolean;
}

interface Pod {
  metadata: { name: string; labels: Record<string, string>; deletionTimestamp?: string };
  status: {
    phase: string;
    conditions?: { type: string; status: string }[];
    containerStatuses?: { restartCount: number }[];
  };
}

export async function pods(): Promise<PodState[]> {
  const { items } = JSON.parse(await kubectl(['get', 'pods', '--output', 'json'])) as { items: Pod[] };
  return items.map(({ metadata, status }) => ({
    name: metadata.name,
    app: metadata.labels['app.kubernetes.io/name'] ?? '',
    ready: status.conditions?.some(({ status: value, type }) => type === 'Ready' && value === 'True') ?? false,
    restarts: (status.containerStatuses ?? []).reduce((sum, { restartCount }) => sum + restartCount, 0),
    leaving: metadata.deletionTimestamp !== undefined,
    succeeded: status.phase === 'Succeeded',
  }));
}

/** The pods of one program, those on their way out left aside. */
export async function podsOf(app: string): Promise<PodState[]> {
  return (await pods()).filter((pod) => pod.app === app && !pod.leaving);
}

export async function expectNoRestarts(): Promise<void> {
  const restarted = (await pods()).filter(({ restarts }) => restarts > 0);
  expectThat(
    restarted.length === 0,
    `restarted: ${restarted.map(({ name, restarts }) => `${name} ${restarts} times`).join(', ')}`,
  );
}

/** Waits until every Deployment and StatefulSet has all its pods ready and every Job is complete. */
export async function waitUntilReady(timeoutSeconds: number): Promise<void> {
  const timeout = `--timeout=${timeoutSeconds}s`;
  const options = { timeoutMs: (timeoutSeconds + 10) * 1_000 };
  const names = (await kubectl(['get', 'deployments,statefulsets', '--output', 'name'])).trim().split('\n');
  await Promise.all([
    kubectl(['wait', '--for=condition=Complete', 'jobs', '--all', timeout], options),
    ...names.map((name) => kubectl(['rollout', 'status', name, timeout], options)),
  ]);
}

export interface PortForward {
  url: string;
  close(): void;
}

/** Opens a port of a Service on a free port of this machine, as `kubectl port-forward` does for people. */
export async function forwardPort(service: string, port: number): Promise<PortForward> {
  const args = ['--namespace', NAMESPACE, 'port-forward', `service/${service}`, `:${port}`];
  const child = spawn('kubectl', args, { cwd: ROOT, stdio: ['ignore', 'pipe', 'pipe'] });
  let output = '';
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding('utf8').on('data', (text: string) => {
      output += text;
    });
  }
  const localPort = await waitFor(
    () => {
      if (child.exitCode !== null) throw new ProgramError(`kubectl port-forward ended: ${output}`);
      return /127\.0\.0\.1:(\d+)/.exec(output)?.[1];
    },
    { timeoutMs: 60_000, everyMs: 50, what: `A port-forward to ${service}` },
  );
  return { url: `http://127.0.0.1:${localPort}`, close: () => child.kill() };
}

/** Does something with a forwarded port and closes it. */
export async function withPort<T>(service: string, port: number, use: (url: string) => Promise<T>): Promise<T> {
  const forward = await forwardPort(service, port);
  try {
    return await use(forward.url);
  } finally {
    forward.close();
  }
}

/** Looks every second for `seconds` that something stays as it is. */
export async function staysSo(seconds: number, check: () => Promise<void>): Promise<void> {
  for (let second = 0; second < seconds; second += 5) {
    await check();
    await sleep(5_000);
  }
}
