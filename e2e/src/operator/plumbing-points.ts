import { readFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { waitFor } from '@souk/testing';
import { expectThat, type Point } from '../deployed/checklist.ts';
import { ROOT } from '../deployed/program.ts';
import type { ApiServer } from './api-server.ts';
import { type CuttingProxy, createCuttingProxy } from './cutting-proxy.ts';
import { at, conditionOf, createKube, imageOf, type Kube, phaseOf } from './kube.ts';
import { metricOf, type OperatorProcess, startOperator } from './operator-process.ts';
import { StandInControllers } from './stand-in-controllers.ts';

const NAMESPACE = 'shops';
const SECONDS = 1_000;

/** The whole operator against a real API server, without nodes: what it may do, what it survives, what it leaves alone. */
export class Plumbing {
  readonly #server: ApiServer;
  readonly #kube: Kube;
  readonly #controllers: StandInControllers;
  #operators: OperatorProcess[] = [];
  #kubeconfig = '';
  #proxy: CuttingProxy | undefined;

  constructor(server: ApiServer) {
    this.#server = server;
    this.#kube = createKube({ kubeconfig: server.kubeconfig, namespace: NAMESPACE });
    this.#controllers = new StandInControllers(this.#kube);
  }

  points(): Point[] {
    return [
      { title: 'k8s/operator is accepted by the API server', check: () => this.#install() },
      { title: 'A Shop is installed with no more rights than k8s/operator gives', check: () => this.#installShop() },
      { title: 'A settled Shop is left without a write for 15 s', check: () => this.#staysQuiet() },
      { title: 'Deleted and changed objects come back', check: () => this.#repairs() },
      { title: 'A version that makes no progress is taken back', check: () => this.#rollsBack() },
      { title: 'Connections that are cut are made again', check: () => this.#losesConnections() },
      { title: 'A killed leader is followed in the middle of an upgrade', check: () => this.#losesLeader() },
      { title: 'An API server that was away for 30 s is caught up with', check: () => this.#losesServer() },
      { title: 'A leader that is stopped hands over at once', check: () => this.#handsOver() },
      { title: 'The API server refuses what a Shop cannot be', check: () => this.#refuses() },
      { title: 'A deleted Shop leaves its Secrets', check: () => this.#isDeleted() },
    ];
  }

  async stop(): Promise<void> {
    await this.#controllers.stop();
    await Promise.all(this.#operators.map((operator) => operator.kill('SIGKILL')));
    this.#proxy?.close();
  }

  async #install(): Promise<undefined> {
    for (const file of ['definition', 'namespace', 'operator']) {
      const input = readFileSync(`${ROOT}k8s/operator/${file}.yaml`, 'utf8');
      const create = async () =>
        createKube({ kubeconfig: this.#server.kubeconfig, namespace: 'shop-operator' }).kubectl(['apply', '-f', '-'], {
          input,
        });
      await waitFor(create, { timeoutMs: 20 * SECONDS, everyMs: 1_000, what: file });
    }
    await this.#kube.kubectl(['create', 'namespace', NAMESPACE]);
    const token = (await this.#kube.kubectl(['create', 'token', 'shop-operator', '-n', 'shop-operator'])).trim();
    this.#proxy = await createCuttingProxy(this.#server.port);
    this.#kubeconfig = this.#server.kubeconfigFor(token, this.#proxy.port);
    // The Lease is in the namespace of the operator; here both are one.
    await this.#kube.kubectl([
      'create',
      'role',
      'lease',
      '--verb=get,create,patch',
      '--resource=leases.coordination.k8s.io',
    ]);
    await this.#kube.kubectl([
      'create',
      'rolebinding',
      'lease',
      '--role=lease',
      '--serviceaccount=shop-operator:shop-operator',
    ]);
    return undefined;
  }

  async #start(name: string, port: number): Promise<OperatorProcess> {
    const { folder } = this.#server;
    const operator = await startOperator({ kubeconfig: this.#kubeconfig, namespace: NAMESPACE, name, port, folder });
    this.#operators.push(operator);
    return operator;
  }

  async #isReady(version: string, timeoutMs: number): Promise<number> {
    const startedAt = performance.now();
    const check = async () => {
      const shop = await this.#kube.get('shop', 'dev');
      return shop.status?.version === version && conditionOf(shop, 'Ready')?.status === 'True';
    };
    await waitFor(check, { timeoutMs, everyMs: 200, what: `A Shop of version ${version}` });
    return (performance.now() - startedAt) / SECONDS;
  }

  async #installShop(): Promise<string> {
    this.#controllers.start();
    await this.#start('first', 28_101);
    const shop = {
      apiVersion: 'souk.dev/v1alpha1',
      kind: 'Shop',
      metadata: { name: 'dev' },
      spec: { version: '0.1.0', demoData: true },
    };
    await this.#kube.apply(shop);
    const seconds = await this.#isReady('0.1.0', 90 * SECONDS);
    return `Ready after ${seconds.toFixed(1)} s`;
  }

  async #writes(): Promise<number> {
    const [operator] = this.#operators.slice(-1);
    const url = operator?.url ?? '';
    const counts = await Promise.all(
      ['PATCH', 'POST', 'PUT', 'DELETE'].map((method) =>
        metricOf(url, 'souk_operator_api_calls_total', `method="${method}"`),
      ),
    );
    return counts.reduce((a, b) => a + b, 0);
  }

  async #staysQuiet(): Promise<string> {
    await sleep(3 * SECONDS);
    const before = await this.#writes();
    await sleep(15 * SECONDS);
    const renewals = 9;
    const written = (await this.#writes()) - before;
    expectThat(written <= renewals, `${written} writes, of which at most ${renewals} renew the Lease`);
    return `${written} renewals of the Lease, nothing else`;
  }

  async #repairs(): Promise<string> {
    const waits: number[] = [];
    const repaired = async (damage: () => Promise<unknown>, isRepaired: () => Promise<boolean>) => {
      await damage();
      const startedAt = performance.now();
      await waitFor(async () => isRepaired().catch(() => false), {
        timeoutMs: 10 * SECONDS,
        everyMs: 100,
        what: 'The repair',
      });
      waits.push(performance.now() - startedAt);
    };
    for (const [kind, name] of [
      ['deployment', 'order-service'],
      ['service', 'api-gateway'],
      ['configmap', 'user-service'],
      ['secret', 'souk-internal'],
      ['networkpolicy', 'default-deny'],
      ['statefulset', 'redis'],
    ] as const) {
      const { uid } = (await this.#kube.get(kind, `dev-${name}`)).metadata;
      await repaired(
        () => this.#kube.kubectl(['delete', kind, `dev-${name}`, '--wait=false']),
        async () => (await this.#kube.get(kind, `dev-${name}`)).metadata.uid !== uid,
      );
    }
    const image = async () => imageOf(await this.#kube.get('deployment', 'dev-order-service'));
    await repaired(
      () => this.#kube.kubectl(['set', 'image', 'deployment/dev-order-service', 'order-service=other:1']),
      async () => (await image()) === 'souk/order-service:0.1.0',
    );
    await repaired(
      () => this.#kube.kubectl(['scale', 'deployment/dev-order-service', '--replicas=3']),
      async () => at(await this.#kube.get('deployment', 'dev-order-service'), 'spec.replicas') === 1,
    );
    return `${waits.length} repairs, the slowest after ${(Math.max(...waits) / SECONDS).toFixed(1)} s`;
  }

  async #setImage(image: string | null): Promise<void> {
    await this.#kube.patch('shop', 'dev', {
      spec: { services: { 'product-service': image === null ? null : { image } } },
    });
  }

  async #rollsBack(): Promise<string> {
    await this.#isReady('0.1.0', 30 * SECONDS);
    this.#controllers.badImages.add('souk/product-service:bad');
    await this.#setImage('souk/product-service:bad');
    const startedAt = performance.now();
    const isBack = async () => {
      const shop = await this.#kube.get('shop', 'dev');
      const live = await this.#kube.get('deployment', 'dev-product-service');
      return phaseOf(shop) === 'Degraded' && imageOf(live) === 'souk/product-service:0.1.0';
    };
    await waitFor(isBack, { timeoutMs: 60 * SECONDS, everyMs: 200, what: 'The rollback' });
    const shop = await this.#kube.get('shop', 'dev');
    const failed = at(shop, 'status.failedTarget');
    expectThat(at(failed, 'reason') === 'ProgressDeadlineExceeded', JSON.stringify(failed));
    const seconds = (performance.now() - startedAt) / SECONDS;
    await this.#setImage(null);
    await this.#isReady('0.1.0', 30 * SECONDS);
    return `after ${seconds.toFixed(1)} s`;
  }

  /** What happened while nobody listened is seen by whoever listens again. */
  async #losesConnections(): Promise<string> {
    const url = this.#operators.at(-1)?.url ?? '';
    const restarts = () => metricOf(url, 'souk_operator_watch_restarts_total');
    const before = await restarts();
    const cut = this.#proxy?.cut() ?? 0;
    await this.#kube.kubectl(['delete', 'deployment', 'dev-order-service', '--wait=false']);
    const startedAt = performance.now();
    const isBack = async () => (await this.#kube.get('deployment', 'dev-order-service')).metadata.name !== '';
    await waitFor(async () => isBack().catch(() => false), {
      timeoutMs: 20 * SECONDS,
      everyMs: 100,
      what: 'The repair',
    });
    const seconds = (performance.now() - startedAt) / SECONDS;
    const begun = (await restarts()) - before;
    expectThat(cut > 10 && begun > 10, `${cut} connections were cut, ${begun} watches began again`);
    await this.#isReady('0.1.0', 30 * SECONDS);
    return `${cut} connections, repaired after ${seconds.toFixed(1)} s`;
  }

  async #losesLeader(): Promise<string> {
    const [first] = this.#operators;
    await this.#start('second', 28_102);
    await this.#kube.patch('shop', 'dev', {
      spec: { services: { 'user-service': { image: 'souk/user-service:next' } } },
    });
    const hasBegun = async () => phaseOf(await this.#kube.get('shop', 'dev')) === 'Upgrading';
    await waitFor(hasBegun, { timeoutMs: 20 * SECONDS, everyMs: 50, what: 'The upgrade' });
    await first?.kill('SIGKILL');
    const startedAt = performance.now();
    const isDone = async () => {
      const shop = await this.#kube.get('shop', 'dev');
      return (
        phaseOf(shop) === 'Running' &&
        at(shop, 'status.current.services.user-service.image') === 'souk/user-service:next'
      );
    };
    await waitFor(isDone, { timeoutMs: 60 * SECONDS, everyMs: 200, what: 'The end of the upgrade' });
    return `done ${((performance.now() - startedAt) / SECONDS).toFixed(1)} s after the kill`;
  }

  async #losesServer(): Promise<string> {
    await this.#server.stop();
    await sleep(30 * SECONDS);
    await this.#server.start();
    const startedAt = performance.now();
    const exited = this.#operators.at(-1)?.child.exitCode;
    // A leader that cannot renew for 10 s ends; whoever restarts it (kubelet) is played here.
    if (exited !== null) await this.#start('third', 28_103);
    await this.#kube.kubectl(['delete', 'deployment', 'dev-order-service', '--wait=false']);
    const isBack = async () => (await this.#kube.get('deployment', 'dev-order-service')).metadata.name !== '';
    await waitFor(async () => isBack().catch(() => false), {
      timeoutMs: 60 * SECONDS,
      everyMs: 200,
      what: 'The repair',
    });
    await this.#isReady('0.1.0', 30 * SECONDS);
    return `works again after ${((performance.now() - startedAt) / SECONDS).toFixed(1)} s`;
  }

  async #handsOver(): Promise<string> {
    const leader = this.#operators.at(-1);
    await this.#start('fourth', 28_104);
    const startedAt = performance.now();
    await leader?.kill('SIGTERM');
    const leads = async () => (await metricOf('http://127.0.0.1:28104', 'souk_operator_leader')) === 1;
    await waitFor(leads, { timeoutMs: 20 * SECONDS, everyMs: 100, what: 'The next leader' });
    return `${((performance.now() - startedAt) / SECONDS).toFixed(1)} s, of which 2 s are the drain`;
  }

  async #refuses(): Promise<string> {
    const wrong: [spec: object, sentence: string][] = [
      [{ data: { mode: 'External' } }, 'secretRef is required when mode is External'],
      [{ exposure: { type: 'Ingress', host: 'a.b' } }, 'type Ingress needs ingressClassName'],
      [
        { services: { 'order-service': { replicas: 2, autoscaling: {} } } },
        'replicas and autoscaling exclude each other',
      ],
      [{ services: { 'order-service': { autoscaling: { min: 5, max: 2 } } } }, 'min must not be above max'],
      [{ services: { 'order-service': { replicas: 0 } } }, 'should be greater than or equal to 1'],
      [{ version: 'latest' }, 'should match'],
      [{ messaging: { storage: '2Gi' } }, 'storage cannot change'],
      [{ deletionPolicy: 'Maybe' }, 'Unsupported value'],
    ];
    for (const [spec, sentence] of wrong) {
      const said = await this.#kube.patch('shop', 'dev', { spec }).then(() => 'it was accepted', String);
      expectThat(said.includes(sentence), `${JSON.stringify(spec)}: expected "${sentence}", got ${said}`);
    }
    return `${wrong.length} wrong specs`;
  }

  async #isDeleted(): Promise<string> {
    await this.#kube.kubectl(['delete', 'shop', 'dev', '--timeout=30s']);
    const secrets = await this.#kube.list('secrets', 'app.kubernetes.io/instance=dev');
    expectThat(secrets.length === 12, `${secrets.length} Secrets are left, expected 12`);
    return `${secrets.length} Secrets are left`;
  }
}
