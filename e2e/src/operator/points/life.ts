import { readdirSync, readFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { expectThat } from '../../deployed/checklist.ts';
import { ROOT } from '../../deployed/program.ts';
import { at, conditionOf, phaseOf } from '../kube.ts';
import { SECONDS, SHOPS, type Stage, secondsSince } from '../stage.ts';

const WATCHED = 'deployments,statefulsets,services,configmaps,secrets,shops,networkpolicies';

export async function idles(stage: Stage): Promise<string> {
  const leader = await stage.leader();
  const versions = async () =>
    (await stage.shops.list(WATCHED)).map(
      ({ kind, metadata }) => `${kind}/${metadata.name} ${metadata.resourceVersion}`,
    );
  // What the controllers of the cluster still write about the last rollout is not ours.
  await stage.until('A quiet namespace', async () => (await stage.stays(versions, 10)) || undefined, 120);
  const before = await stage.figure(leader, 'process_cpu_seconds_total');
  const seconds = 40;
  expectThat(await stage.stays(versions, seconds), 'an object was written');
  const used = ((await stage.figure(leader, 'process_cpu_seconds_total')) - before) / seconds;
  const megabytes = (await stage.figure(leader, 'process_resident_memory_bytes')) / 1e6;
  const minutes = (Date.now() / SECONDS - (await stage.figure(leader, 'process_start_time_seconds'))) / 60;
  const [core, memory] = [`${(used * 100).toFixed(2)} % of a core`, `${megabytes.toFixed(0)} MB`];
  stage.figures.set('operator idle, CPU (under 1 %)', core);
  stage.figures.set(`operator, resident after ${minutes.toFixed(0)} min (under 130 MB)`, memory);
  stage.figures.set(`writes for a settled Shop in ${seconds} s`, '0');
  expectThat(used < 0.02 && megabytes < 130, `${core}, ${memory}`);
  return `no object written in ${seconds} s, ${core}, ${memory} after ${minutes.toFixed(0)} min`;
}

export async function pauses(stage: Stage): Promise<undefined> {
  const policy = () => stage.exists('networkpolicies', 'dev-mailpit');
  await stage.patch({ paused: true });
  await stage.waitForShop('The pause', (one) => phaseOf(one) === 'Paused', { seconds: 20 });
  await stage.shops.kubectl(['delete', 'networkpolicy', 'dev-mailpit']);
  expectThat((await stage.stays(policy, 8)) && !(await policy()), 'it came back during the pause');
  await stage.patch({ paused: false });
  await stage.until('The repair', async () => (await policy()) || undefined, 10);
  return undefined;
}

/** The autoscaler owns `replicas`: it raises them to its minimum, and another number that it allows is left alone. */
export async function leavesReplicas(stage: Stage): Promise<string> {
  const deployment = 'dev-product-service';
  const replicas = async () => at(await stage.shops.get('deployment', deployment), 'spec.replicas');
  const scaling = (autoscaling: object | null) => stage.patch({ services: { 'product-service': { autoscaling } } });
  await scaling({ min: 2, max: 3, cpu: 90 });
  await stage.until('Two replicas by the autoscaler', async () => (await replicas()) === 2 || undefined, 90);
  await stage.settles(120);
  await stage.shops.kubectl(['scale', `deployment/${deployment}`, '--replicas=3']);
  expectThat((await stage.stays(replicas, 8)) && (await replicas()) === 3, `replicas are ${String(await replicas())}`);
  await scaling(null);
  await stage.until('One replica again', async () => (await replicas()) === 1 || undefined, 15);
  const isGone = async () => !(await stage.exists('horizontalpodautoscalers', deployment)) || undefined;
  await stage.until('The end of the autoscaler', isGone, 15);
  await stage.settles(90);
  return '1 → 2 by the autoscaler, 3 by hand stay, 1 again without it';
}

export async function namesQuota(stage: Stage): Promise<string> {
  const { shops } = stage;
  const pods = await shops.kubectl(['get', 'pods', '--field-selector', 'status.phase=Running', '-o', 'name']);
  const hard = { pods: String(pods.trim().split('\n').length) };
  await shops.apply({ apiVersion: 'v1', kind: 'ResourceQuota', metadata: { name: 'full' }, spec: { hard } });
  try {
    const isCounted = async () => at(await shops.get('resourcequota', 'full'), 'status.used.pods') ?? undefined;
    await stage.until('The quota', isCounted, 30);
    await stage.patch({ services: { 'order-service': { env: { ROLLED: 'under-a-quota' } } } });
    const { message } = await stage.reason('Ready', 'PodsRefused', { seconds: 60 });
    expectThat(message.includes('exceeded quota: full'), message);
    expectThat(
      (await shops.list('deployments')).every((one) => Number(at(one, 'status.availableReplicas')) > 0),
      'a service is away',
    );
  } finally {
    await shops.kubectl(['delete', 'resourcequota', 'full', '--ignore-not-found']);
  }
  return `PodsRefused names it; settled ${await stage.settles(240)} after it was lifted`;
}

/** Process ids of the API server, when it runs on this machine. */
function findApiServer(): number[] {
  const isApiServer = (pid: string) => {
    try {
      const [program = '', ...args] = readFileSync(`/proc/${pid}/cmdline`, 'utf8').split('\0');
      return program.endsWith('kube-apiserver') && args.includes('--secure-port=6443');
    } catch {
      // It has ended meanwhile.
      return false;
    }
  };
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name) && isApiServer(name))
    .map(Number);
}

/** Frozen, not ended: connections stay open and nothing comes, which is what a watch notices last. */
export async function losesServer(stage: Stage): Promise<string> {
  const [pid] = findApiServer();
  if (pid === undefined) return 'left out: no API server runs on this machine';
  const leader = await stage.leader();
  process.kill(pid, 'SIGSTOP');
  try {
    await sleep(30 * SECONDS);
  } finally {
    process.kill(pid, 'SIGCONT');
  }
  const startedAt = performance.now();
  const isGone = async () =>
    (await stage.shops.kubectl(['delete', 'deployment', 'dev-order-service', '--wait=false'])) !== '';
  await stage.until('The API server', async () => (await isGone()) || undefined, 60);
  await stage.until(
    'The repair',
    async () => (await stage.exists('deployments', 'dev-order-service')) || undefined,
    90,
  );
  const repaired = secondsSince(startedAt);
  await stage.settles(180);
  stage.figures.set('repair after 30 s without an API server', repaired);
  const successor = await stage.leader();
  return `repaired after ${repaired}, ${successor === leader ? 'the same leads' : 'another leads'}`;
}

/** Connections of the leader are reset, as by a load balancer that forgets them. */
export async function losesConnections(stage: Stage): Promise<string> {
  const leader = await stage.leader();
  const address = String(at(await stage.operator.get('pod', leader), 'status.podIP'));
  const restarts = () => stage.figure(leader, 'souk_operator_watch_restarts_total').catch(() => 0);
  const cut = await stage.cut(address);
  if (cut === 0) return 'left out: connections cannot be reset from here';
  const startedAt = performance.now();
  await stage.shops.kubectl(['delete', 'networkpolicy', 'dev-redis', '--wait=false']);
  await stage.until('The repair', async () => (await stage.exists('networkpolicies', 'dev-redis')) || undefined, 30);
  const repaired = secondsSince(startedAt);
  expectThat((await stage.leader()) === leader, 'another leads');
  expectThat((await restarts()) > 0, 'no watch began again');
  return `${cut} connections were reset, repaired after ${repaired}`;
}

/** Two Shops in one namespace; the second waits for approval of its migrations and goes with all it has. */
export async function livesBeside(stage: Stage): Promise<string> {
  const { otherHelm: helm, shops } = stage;
  const selector = 'app.kubernetes.io/instance=two';
  const of = async () =>
    (await shops.list('deployments,statefulsets', 'app.kubernetes.io/instance=dev')).map(
      ({ metadata }) => `${metadata.uid} ${metadata.generation}`,
    );
  const before = await of();
  const startedAt = performance.now();
  const values = ['--set', 'demoData=true,migrations.policy=Manual,deletionPolicy=Delete'];
  await helm.run(['install', 'two', `${ROOT}charts/shop`, '-n', SHOPS, ...values]);
  await stage.reason('MigrationsApplied', 'WaitingForApproval', { name: 'two', seconds: 120 });
  expectThat((await shops.list('jobs', selector)).length === 0, 'a migration ran without approval');
  await shops.kubectl(['annotate', 'shop', 'two', 'souk.dev/migrate=0.1.0']);
  await stage.settles(240, 'two');
  const took = secondsSince(startedAt);
  const volumes = (await shops.list('persistentvolumeclaims', selector)).length;
  await helm.run(['uninstall', 'two', '-n', SHOPS]);
  const isGone = async () =>
    (await shops.list('deployments,statefulsets,services,secrets,persistentvolumeclaims,configmaps', selector))
      .length === 0 || undefined;
  await stage.until('The end of the second Shop', isGone, 120);
  expectThat(volumes === 5, `it had ${volumes} volumes`);
  expectThat(JSON.stringify(await of()) === JSON.stringify(before), 'the first Shop was touched');
  expectThat(conditionOf(await stage.shop(), 'Ready')?.status === 'True', 'the first Shop is not ready');
  const version = (await helm.run(['version', '--short'])).trim();
  return `by Helm ${version}, Ready after ${took} with an approval; ${volumes} volumes and all Secrets are gone with it`;
}
