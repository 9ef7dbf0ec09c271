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
  return [
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
}

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
