import { readFileSync } from 'node:fs';
import type { Manifest } from '@souk/cdk8s';
import { waitFor } from '@souk/testing';
import { expectThat } from '../deployed/checklist.ts';
import { applyManifests, kubectl, NAMESPACE } from './kubectl.ts';

export interface LoadResult {
  sent: number;
  seconds: number;
  failed: number;
  samples: string[];
  orders: number;
  /** How the orders ended, by status. */
  ends: Record<string, number>;
  msP50: number;
  msP99: number;
  /** How late the load itself came to run, at worst. */
  msLag: number;
}

export interface LoadOptions {
  /** One of the built images: Node is its entry point. */
  image: string;
  requestsPerSecond: number;
  /** Repeat a failed order under the same key until it is answered. */
  insist?: boolean;
}

const NAME = 'souk-load';
const LABELS = { 'app.kubernetes.io/name': NAME, 'app.kubernetes.io/instance': 'souk' };

/** The load comes from inside, so that it reaches the Service and not one pod, on any cluster. */
function manifestsOf({ image, insist = false, requestsPerSecond }: LoadOptions): Manifest[] {
  const script = readFileSync(new URL('load-script.mjs', import.meta.url), 'utf8');
  const env = { BASE: 'http://api-gateway:3000', RATE: String(requestsPerSecond), INSIST: String(insist) };
  const metadata = { name: NAME, namespace: NAMESPACE, labels: LABELS };
  const egress = [
    { ports: [53].flatMap((port) => ['UDP', 'TCP'].map((protocol) => ({ port, protocol }))) },
    { ports: [{ port: 3000, protocol: 'TCP' }], to: [{ podSelector: {} }] },
  ];
  const spec = {
    restartPolicy: 'Never',
    automountServiceAccountToken: false,
    securityContext: { runAsNonRoot: true, runAsUser: 65_532, seccompProfile: { type: 'RuntimeDefault' } },
    containers: [
      {
        name: 'load',
        image,
        imagePullPolicy: 'IfNotPresent',
        args: ['--input-type=module', '-e', script],
        env: Object.entries(env).map(([name, value]) => ({ name, value })),
        securityContext: { allowPrivilegeEscalation: false, capabilities: { drop: ['ALL'] } },
        volumeMounts: [{ name: 'tmp', mountPath: '/tmp' }],
      },
    ],
    volumes: [{ name: 'tmp', emptyDir: {} }],
  };
  return [
    {
      apiVersion: 'networking.k8s.io/v1',
      kind: 'NetworkPolicy',
      metadata,
      spec: { podSelector: { matchLabels: LABELS }, policyTypes: ['Ingress', 'Egress'], egress },
    },
    { apiVersion: 'v1', kind: 'Pod', metadata, spec },
  ];
}

const removeLoad = () => kubectl(['delete', 'pod,networkpolicy', NAME, '--ignore-not-found', '--grace-period=1']);

/** Runs `work` while the load runs, then waits for its orders and answers what it saw. */
export async function underLoad(options: LoadOptions, work: () => Promise<void>): Promise<LoadResult> {
  await removeLoad();
  await applyManifests(manifestsOf(options), []);
  try {
    const logs = () => kubectl(['logs', NAME]);
    await waitFor(async () => (await logs()).includes('started'), {
      timeoutMs: 120_000,
      everyMs: 1_000,
      what: 'The load',
    });
    await work();
    await stopLoad();
    await kubectl(['wait', `pod/${NAME}`, '--for=jsonpath={.status.phase}=Succeeded', '--timeout=240s'], {
      timeoutMs: 250_000,
    });
    return JSON.parse((await logs()).trim().split('\n').at(-1) ?? '') as LoadResult;
  } finally {
    await removeLoad();
  }
}

/** The load has not run for so long that nobody can tell who was late. */
const STARVED_MS = 300;
const ATTEMPTS = 3;

/**
 * Measures under load. Failures on a machine that did not let the load itself run say nothing about the shop: then it is
 * measured once more at half the rate, two times at most.
 */
export async function unlessStarved(
  requestsPerSecond: number,
  measure: (requestsPerSecond: number, attempt: number) => Promise<LoadResult>,
): Promise<LoadResult> {
  for (let attempt = 1; ; attempt += 1) {
    const result = await measure(requestsPerSecond / 2 ** (attempt - 1), attempt);
    if (result.failed === 0 || result.msLag < STARVED_MS || attempt === ATTEMPTS) return result;
    console.log(`    ${result.failed} failed where the load itself stood still for ${result.msLag} ms: once more`);
  }
}

/** Node is in another place in the two images. */
async function stopLoad(): Promise<void> {
  const stop = ['-e', "require('node:fs').writeFileSync('/tmp/stop', '')"];
  await kubectl(['exec', NAME, '--', '/nodejs/bin/node', ...stop]).catch(() =>
    kubectl(['exec', NAME, '--', 'node', ...stop]),
  );
}

/** Every accepted order has come to its good end. */
export function expectNoOrderLost({ ends, orders }: LoadResult): void {
  expectThat(
    orders > 0 && ends.completed === orders,
    `of ${orders} orders: ${Object.entries(ends)
      .map(([status, count]) => `${count} ${status}`)
      .join(', ')}`,
  );
}

/** Nobody was refused and nothing broke. */
export function expectNoFailure({ failed, samples, sent }: LoadResult): void {
  expectThat(failed === 0, `${failed} of ${sent} requests failed:\n${samples.join('\n')}`);
}

export function toSentence({ failed, msP50, msP99, orders, seconds, sent }: LoadResult): string {
  return `${sent} requests in ${seconds} s, ${failed} failed, p50 ${msP50} ms, p99 ${msP99} ms, ${orders} orders completed`;
}
