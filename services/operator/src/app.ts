import assert from 'node:assert';
import {
  HealthCheckError,
  type ServiceApp,
  type ServiceContext,
  type ServiceDefinition,
  type Worker,
} from '@souk/service-runtime';
import { type Config, settings } from './config.ts';
import { catalogueOf } from './desired/catalogue.ts';
import { createRenderer } from './desired/renderer.ts';
import type { InCluster } from './kubernetes/access.ts';
import { createKubernetesClient } from './kubernetes/client.ts';
import { createLease, type Lease } from './kubernetes/lease.ts';
import { createProbes } from './probes.ts';
import { type Controller, createController } from './reconcile/controller.ts';
import { createEventRecorder } from './reconcile/events.ts';
import { runSmokeTest } from './smoke/smoke.ts';

export const LEASE_NAME = 'shop-operator';

export const operator: ServiceDefinition<Config> = {
  name: 'operator',
  settings,
  needs: {},
  createApp,
  commands: {
    async smoke({ config, logger }) {
      assert(config.shopUrl !== undefined, 'SHOP_URL is missing');
      await runSmokeTest({ shopUrl: config.shopUrl.toString().replace(/\/$/, ''), say: (line) => logger.info(line) });
      return 0;
    },
  },
};

function createApp(context: ServiceContext<Config>): ServiceApp {
  const { clock, config, health, logger, metrics } = context;
  const calls = metrics.counter('souk_operator_api_calls_total', 'Calls of the API server', ['method', 'status']);
  const client = createKubernetesClient({
    inCluster: inClusterOf(config),
    onCall: ({ method }, status) => calls.inc({ method, status: String(status) }),
  });
  const controller = createController({
    client,
    namespaces: config.watchNamespaces.length === 0 ? [undefined] : config.watchNamespaces,
    context: {
      catalogue: catalogueOf(config.extraReleases),
      operatorImage: config.operatorImage,
      render: createRenderer(),
    },
    events: createEventRecorder({ client, identity: config.podName, logger }),
    clock,
    logger,
    metrics,
    resyncMs: config.resyncIntervalMs,
  });
  const lease = createLease({
    client,
    namespace: config.podNamespace,
    name: LEASE_NAME,
    identity: config.podName,
    logger,
    onAcquired: () => void begin(controller, context),
    // Another leads: nothing of this process may write any more.
    onLost: () => process.exit(1),
  });
  metrics.gauge('souk_operator_leader', 'Whether this replica leads', {
    collect: (gauge) => gauge.set(lease.isLeader() || !config.leaderElection ? 1 : 0),
  });
  health.addCheck('watches', () => {
    const leads = lease.isLeader() || !config.leaderElection;
    if (leads && !controller.isSynced()) throw new HealthCheckError('not synced yet');
  });
  return {
    http: { fetch: createProbes({ health, metrics, problem: () => controller.problem() }) },
    workers: [createWorker(context, controller, lease)],
  };
}

function inClusterOf({ kubeconfig, kubernetesHost: host, kubernetesPort: port }: Config): InCluster | undefined {
  return kubeconfig === undefined && host !== undefined ? { host, port } : undefined;
}

function createWorker(context: ServiceContext<Config>, controller: Controller, lease: Lease): Worker {
  const { leaderElection } = context.config;
  return {
    name: 'controller',
    start() {
      if (leaderElection) lease.start();
      else void begin(controller, context);
    },
    async stop() {
      // The work in hand ends before another may lead.
      await controller.stop();
      await lease.stop();
    },
  };
}

async function begin(controller: Controller, { logger }: ServiceContext<Config>): Promise<void> {
  try {
    await controller.start();
    logger.info('Started controller');
  } catch (error) {
    logger.fatal({ error }, 'Could not start controller');
    process.exit(1);
  }
}
