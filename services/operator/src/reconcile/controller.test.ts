import { createHealth, createMetrics, type Metrics } from '@souk/service-runtime';
import { fixedClock, silentLogger, waitFor } from '@souk/testing';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { ModelApiServer } from '../../test/model-api-server.ts';
import { aShop, ModelCluster } from '../../test/model-cluster.ts';
import type { Release } from '../desired/catalogue.ts';
import { createRenderer } from '../desired/renderer.ts';
import { KubernetesError } from '../kubernetes/client.ts';
import { createProbes } from '../probes.ts';
import type { ShopSpecInput } from '../shop/shop-spec.ts';
import { type Controller, createController } from './controller.ts';
import { createEventRecorder } from './events.ts';

const release = (version: string): Release => ({ version, upgradeFrom: '0.1.0', schemaRevisions: {} });
const logger = silentLogger();
let server: ModelApiServer;
let metrics: Metrics;
let controller: Controller;
let controllers: NodeJS.Timeout;

/** A cluster whose own controllers never rest, and an operator that has just started on it. */
async function operate(spec: Partial<ShopSpecInput> = {}): Promise<void> {
  server = new ModelApiServer(new ModelCluster(aShop(spec)));
  metrics = createMetrics({ service: 'operator', processMetrics: false });
  controller = createController({
    client: server,
    namespaces: [undefined],
    context: {
      catalogue: [release('0.1.0'), release('0.2.0')],
      operatorImage: undefined,
      render: createRenderer(),
    },
    events: createEventRecorder({ client: server, identity: 'operator-1', logger }),
    clock: fixedClock(),
    logger,
    metrics,
    resyncMs: 1_000,
  });
  controllers = setInterval(() => {
    for (const step of server.cluster.steps()) step();
    server.sync();
  }, 10);
  await controller.start();
}

const conditionOf = (type: string) => server.cluster.shop.status?.conditions?.find((one) => one.type === type);
const untilReady = (version = '0.1.0') =>
  waitFor(() => conditionOf('Ready')?.status === 'True' && server.cluster.shop.status?.version === version, {
    what: `version ${version}`,
    timeoutMs: 30_000,
  });
const reasonsTold = () =>
  [...server.others.values()].filter(({ kind }) => kind === 'Event').map(({ reason }) => reason);

beforeEach(() => operate());
afterEach(async () => {
  clearInterval(controllers);
  await controller.stop();
  server.close();
});

describe('The operator on an API server', { timeout: 60_000 }, () => {
  it('installs a Shop, upgrades it, and writes what happens as Events', async () => {
    await untilReady();
    expect(controller.isSynced()).toBe(true);
    expect(server.cluster.shop.metadata.finalizers).toEqual(['souk.dev/shop']);
    expect(server.cluster.imageOf('order-service')).toContain(':0.1.0');
    server.cluster.edit({ version: '0.2.0' });
    await untilReady('0.2.0');
    expect(server.cluster.imageOf('order-service')).toContain(':0.2.0');
    expect(reasonsTold().length).toBeGreaterThan(1);
  });

  it('puts back what somebody has taken away', async () => {
    await untilReady();
    server.cluster.objects.delete('Deployment/dev-order-service');
    server.sync();
    await waitFor(() => server.cluster.get('Deployment', 'dev-order-service') !== undefined);
    await untilReady();
  });

  it('goes on after a cut, after versions that are no longer known, and after errors', async () => {
    await untilReady();
    for (const event of [
      undefined,
      { type: 'ERROR', object: { code: 410, reason: 'Expired', message: 'too old', metadata: {} } },
      { type: 'ERROR', object: { code: 500, reason: 'InternalError', message: 'no', metadata: {} } },
      { type: 'BOOKMARK', object: { metadata: { resourceVersion: '1' } } },
    ]) {
      server.endWatches(event);
      server.cluster.objects.delete('Service/dev-order-service');
      server.sync();
      await waitFor(() => server.cluster.get('Service', 'dev-order-service') !== undefined, { timeoutMs: 30_000 });
    }
    const text = await metrics.registry.metrics();
    expect(text).toMatch(/souk_operator_watch_restarts_total\{kind="Service",why="expired"/);
    expect(text).toMatch(/souk_operator_watch_restarts_total\{kind="Service",why="error"/);
  });

  it('tries again what the API server refuses, and says meanwhile why the Shop is not ready', async () => {
    await untilReady();
    server.refuse = ({ method, path }) =>
      method === 'PATCH' && path.includes('/deployments/')
        ? new KubernetesError(403, 'Forbidden', 'exceeded quota: shops')
        : undefined;
    server.cluster.edit({ version: '0.2.0' });
    await waitFor(() => conditionOf('Ready')?.reason === 'ApplyFailed', { timeoutMs: 30_000 });
    expect(conditionOf('Ready')?.message).toBe('exceeded quota: shops');
    expect(await metrics.registry.metrics()).toMatch(/souk_operator_reconciles_total\{result="error"/);
    server.refuse = () => undefined;
    await untilReady('0.2.0');
  });

  it('needs no Events to do its work', async () => {
    server.refuse = ({ method, path }) =>
      method === 'POST' && path.includes('/events') ? new KubernetesError(403, 'Forbidden', 'no') : undefined;
    server.cluster.edit({ version: '0.2.0' });
    await untilReady('0.2.0');
    expect(reasonsTold()).toEqual([]);
  });

  it('shows in its metrics whether Shops are ready', async () => {
    await untilReady();
    await waitFor(async () =>
      /souk_operator_shop_condition\{namespace="shops",shop="dev",condition="Ready"[^}]*\} 1/.test(
        await metrics.registry.metrics(),
      ),
    );
    expect(controller.problem()).toBeUndefined();
  });
});

describe('The probes of the operator', () => {
  it('tell of the event loop, of the watches and of what is missing', async () => {
    const health = createHealth();
    let problem: string | undefined;
    const probe = createProbes({ health, metrics, problem: () => problem });
    const ask = (path: string) => probe(new Request(`http://operator${path}`));
    expect(await (await ask('/livez')).json()).toEqual({ status: 'ok' });
    expect((await ask('/readyz')).status).toBe(200);
    expect(await (await ask('/metrics')).text()).toContain('souk_operator_queue_depth');
    expect((await ask('/')).status).toBe(404);
    problem = 'A watch is silent';
    const failing = await ask('/livez');
    expect([failing.status, await failing.json()]).toEqual([503, { status: 'failing', detail: 'A watch is silent' }]);
    health.draining = true;
    expect((await ask('/readyz')).status).toBe(503);
    health.stop();
  });
});
