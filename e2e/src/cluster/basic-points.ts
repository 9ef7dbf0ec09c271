import { ENVIRONMENTS, type Manifest, type PlatformOptions, renderNamespace, renderPlatform } from '@souk/cdk8s';
import { expectThat, type Point } from '../deployed/checklist.ts';
import { mailAbout } from '../deployed/mailbox.ts';
import { Customer } from '../shop.ts';
import { applyManifests, expectNoRestarts, kubectl, pods, withPort } from './kubectl.ts';
import type { SkaffoldRun } from './skaffold-run.ts';

/** One order through the forwarded gateway, to its end; answers its id. */
export async function orderCompletes(): Promise<string> {
  return withPort('api-gateway', 3000, async (gatewayUrl) => {
    const customer = await new Customer({ gatewayUrl }, 'customer@souk.example').logIn();
    const [product] = (await customer.products('?inStock=true&limit=1')).items;
    expectThat(product !== undefined, 'the catalog is empty');
    const items = [{ productId: product.id, quantity: 1 }];
    const placed = await customer.placeOrder({ items, paymentMethod: 'tok_ok' });
    return (await customer.orderIn('completed', placed.id, 60_000)).id;
  });
}

/** What `skaffold run` does, and what a person does first afterwards. */
export function deployPoints(skaffold: SkaffoldRun, loadCommand: string | undefined): Point[] {
  const points: Point[] = [
    { title: "The images are built with skaffold.yaml's arguments", check: () => skaffold.build() },
    { title: 'The images are in the cluster', check: () => skaffold.load(loadCommand) },
    { title: 'k8s/dev is applied', check: () => skaffold.apply() },
    {
      title: 'Everything is ready, every Job is complete, nothing has restarted',
      check: async () => {
        await skaffold.waitUntilReady();
        await expectNoRestarts();
        return `${(await pods()).length} pods`;
      },
    },
    {
      title: 'An order placed through the forwarded port completes, with its mail',
      check: async () => {
        const id = await orderCompletes();
        return `order ${id}, mail "${await withPort('mailpit', 8025, (url) => mailAbout(url, id))}"`;
      },
    },
  ];
  return points.map((point) => ({ ...point, vital: true }));
}

/** What Skaffold's own image tags do to a Job that was applied before: its template changes under the same name. */
export function jobsAgainPoint(skaffold: SkaffoldRun): Point {
  return {
    title: 'Jobs whose template has changed under their name are made again',
    check: async () => {
      const jobs = skaffold.manifests().filter(({ kind }) => kind === 'Job');
      const uid = async () => kubectl(['get', 'jobs', '--output', 'jsonpath={.items[*].metadata.uid}']);
      const before = new Set((await uid()).split(' '));
      for (const { spec } of jobs as JobManifest[]) {
        for (const { env } of spec.template.spec.containers) {
          for (const variable of env) if (variable.name === 'LOG_LEVEL') variable.value = 'debug';
        }
      }
      await applyManifests(jobs, skaffold.config.deploy.kubectl.flags.apply);
      await kubectl(['wait', '--for=condition=Complete', 'jobs', '--all', '--timeout=180s'], { timeoutMs: 190_000 });
      const kept = (await uid()).split(' ').filter((one) => before.has(one));
      expectThat(kept.length === 0, `${kept.length} of ${before.size} Jobs are the old ones`);
      return `${jobs.length} Jobs ran again`;
    },
  };
}

interface JobManifest extends Manifest {
  spec: { template: { spec: { containers: { env: { name: string; value?: string }[] }[] } } };
}

/** Asks from inside one service for another one's port; answers what came of it. */
export async function reach(from: string, url: string): Promise<string> {
  const script = `fetch(${JSON.stringify(url)}, { signal: AbortSignal.timeout(4000) }).then((r) => console.log(r.status), () => console.log('closed'))`;
  const execute = (node: string) => kubectl(['exec', `deployment/${from}`, '--', node, '-e', script]);
  return (await execute('/nodejs/bin/node').catch(() => execute('node'))).trim();
}

export const closedPoint: Point = {
  title: 'The network lets through what the model allows, and nothing else',
  check: async () => {
    const allowed = await reach('order-service', 'http://product-service:8000/livez');
    expectThat(allowed === '200', `order-service reaches product-service with ${allowed}, expected 200`);
    for (const url of ['http://payment-service:3004/livez', 'http://postgres-orders:5432']) {
      const answer = await reach('product-service', url);
      expectThat(answer === 'closed', `product-service reaches ${url}: does this cluster enforce NetworkPolicies?`);
    }
    return undefined;
  },
};

const PROD_NAMESPACE = 'souk-prod-dry-run';

async function productionIsAccepted(): Promise<string> {
  const { prod } = ENVIRONMENTS;
  expectThat(prod !== undefined, 'there is no environment prod');
  const options: PlatformOptions = { ...prod, namespace: PROD_NAMESPACE };
  const hasRoutes = await kubectl(['get', 'crd', 'httproutes.gateway.networking.k8s.io']).then(
    () => true,
    () => false,
  );
  const manifests: Manifest[] = Object.values(renderPlatform(options))
    .flat()
    .filter(({ kind }) => hasRoutes || kind !== 'HTTPRoute');
  try {
    // The namespace is real, so that its Pod Security label warns as it would.
    await applyManifests([renderNamespace(options)], []);
    const warnings = await applyManifests(manifests, ['--dry-run=server']);
    expectThat(warnings.length === 0, warnings.join('\n'));
  } finally {
    await kubectl(['delete', 'namespace', PROD_NAMESPACE, '--ignore-not-found', '--wait=false']);
  }
  return `${manifests.length} objects${hasRoutes ? '' : ', without the HTTPRoute: the cluster has no Gateway API'}`;
}

export const productionPoint: Point = {
  title: 'The API server accepts k8s/prod in a dry run, without a warning',
  check: productionIsAccepted,
};
