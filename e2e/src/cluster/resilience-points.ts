import { ENVIRONMENTS, type Manifest, renderPlatform, SERVICE_NAMES, SERVICES, type ServiceName } from '@souk/cdk8s';
import { waitFor } from '@souk/testing';
import { expectThat, type Point } from '../deployed/checklist.ts';
import { orderCompletes, reach } from './basic-points.ts';
import { applyManifests, expectNoRestarts, kubectl, NAMESPACE, podsOf, staysSo, waitUntilReady } from './kubectl.ts';
import { expectNoFailure, expectNoOrderLost, type LoadOptions, toSentence, underLoad, unlessStarved } from './load.ts';

const READY_SECONDS = 240;

/** The load is one customer from one address: without limits, or 429 would be its answer. */
async function withoutRateLimit(): Promise<void> {
  const deployments = ['deployment/api-gateway', 'deployment/user-service'];
  await kubectl(['set', 'env', ...deployments, 'RATE_LIMIT_ENABLED=false']);
  await waitUntilReady(READY_SECONDS);
}

async function restartAll(): Promise<void> {
  for (const name of SERVICE_NAMES) {
    await kubectl(['rollout', 'restart', `deployment/${name}`]);
    await kubectl(['rollout', 'status', `deployment/${name}`, `--timeout=${READY_SECONDS}s`], {
      timeoutMs: (READY_SECONDS + 10) * 1_000,
    });
  }
}

export function rollingRestartPoint(load: () => LoadOptions): Point {
  return {
    title: `A rolling restart of every service under ${load().requestsPerSecond} requests a second fails no request`,
    check: async () => {
      await withoutRateLimit();
      const { requestsPerSecond: wanted } = load();
      const result = await unlessStarved(wanted, (requestsPerSecond) =>
        underLoad({ ...load(), requestsPerSecond }, restartAll),
      );
      expectNoFailure(result);
      expectNoOrderLost(result);
      return toSentence(result);
    },
  };
}

export const secondReplicaPoint: Point = {
  title: 'A second replica of every service runs beside the first',
  check: async () => {
    await kubectl(['scale', '--replicas=2', ...SERVICE_NAMES.map((name) => `deployment/${name}`)]);
    await waitUntilReady(READY_SECONDS);
    for (const name of SERVICE_NAMES) {
      const ready = (await podsOf(name)).filter((pod) => pod.ready).length;
      expectThat(ready === 2, `${name} has ${ready} ready pods, expected 2`);
    }
    return `order ${await orderCompletes()} completed over them`;
  },
};

export function killPoint(load: () => LoadOptions): Point {
  return {
    title: 'A pod killed in each service loses no order',
    check: async () => {
      const result = await underLoad({ ...load(), requestsPerSecond: 20, insist: true }, async () => {
        for (const name of SERVICE_NAMES) {
          const [victim] = await podsOf(name);
          expectThat(victim !== undefined, `${name} has no pod`);
          await kubectl(['delete', 'pod', victim.name, '--grace-period=0', '--force']);
          await waitUntilReady(READY_SECONDS);
        }
      });
      expectNoOrderLost(result);
      return toSentence(result);
    },
  };
}

interface ScalerStatus {
  currentMetrics?: { resource?: { current?: { averageUtilization?: number } } }[];
}

export const autoscalerPoint: Point = {
  title: "Production's autoscalers read their metrics",
  check: async () => {
    const { dev, prod } = ENVIRONMENTS;
    expectThat(dev !== undefined && prod !== undefined, 'there is no environment dev or prod');
    const scalers: Manifest[] = Object.values(renderPlatform({ ...dev, scaleOf: prod.scaleOf }))
      .flat()
      .filter(({ kind }) => kind === 'HorizontalPodAutoscaler');
    await applyManifests(scalers, []);
    try {
      const utilizations = await Promise.all(scalers.map(({ metadata }) => utilizationOf(metadata.name)));
      return utilizations.join(', ');
    } finally {
      await kubectl(['delete', 'horizontalpodautoscaler', '--all']);
    }
  },
};

function utilizationOf(name: string): Promise<string> {
  return waitFor(
    async () => {
      const { status } = JSON.parse(await kubectl(['get', 'horizontalpodautoscaler', name, '--output', 'json'])) as {
        status: ScalerStatus;
      };
      const percent = status.currentMetrics?.[0]?.resource?.current?.averageUtilization;
      return percent === undefined ? undefined : `${name} ${percent} %`;
    },
    { timeoutMs: 180_000, everyMs: 3_000, what: `The metric of ${name}` },
  );
}

/** Longer than liveness would wait: 6 failures, 10 s apart. In a hurry, long enough for liveness to be asked twice. */
const OUTAGE_SECONDS = { thorough: 75, quick: 25 };

export const outagePoint = (pace: keyof typeof OUTAGE_SECONDS): Point => ({
  title: 'A database outage turns readiness off and restarts nothing',
  check: async () => {
    const { database, name } = SERVICES['order-service'];
    const allAre = (ready: boolean, timeoutMs: number) =>
      waitFor(async () => (await podsOf(name)).every((pod) => pod.ready === ready), {
        timeoutMs,
        everyMs: 1_000,
        what: `${name} ${ready ? 'ready' : 'not ready'}`,
      });
    const before = performance.now();
    await kubectl(['scale', `statefulset/postgres-${database}`, '--replicas=0']);
    let offAfter = 0;
    try {
      await allAre(false, 90_000);
      offAfter = Math.round((performance.now() - before) / 1_000);
      await staysSo(OUTAGE_SECONDS[pace], expectAlive(name));
    } finally {
      await kubectl(['scale', `statefulset/postgres-${database}`, '--replicas=1']);
    }
    const back = performance.now();
    await allAre(true, 120_000);
    await expectNoRestarts();
    const onAfter = Math.round((performance.now() - back) / 1_000);
    return `off after ${offAfter} s, on again ${onAfter} s after its return, order ${await orderCompletes()} completed in ${NAMESPACE}`;
  },
});

/** No pod has restarted, and the service says by itself that it lives. */
const expectAlive = (service: ServiceName) => async (): Promise<void> => {
  await expectNoRestarts();
  const { opsPort } = SERVICES[service];
  const answer = await reach(service, `http://127.0.0.1:${opsPort}/livez`);
  expectThat(answer === '200', `${service} answers /livez with ${answer}`);
};
