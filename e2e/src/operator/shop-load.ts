import { readFileSync } from 'node:fs';
import { waitFor } from '@souk/testing';
import type { LoadResult } from '../cluster/load.ts';
import type { Kube } from './kube.ts';

const NAME = 'souk-load';

/**
 * A pod that sends a fixed number of requests a second to the gateway of a Shop; labelled as the Shop's smoke test, so that
 * the Shop's own policies let it through.
 */
export async function underLoad(
  kube: Kube,
  of: { shop: string; image: string; requestsPerSecond?: number },
  work: () => Promise<void>,
): Promise<LoadResult> {
  const script = readFileSync(new URL('../cluster/load-script.mjs', import.meta.url), 'utf8');
  const env = { BASE: `http://${of.shop}-api-gateway:3000`, RATE: String(of.requestsPerSecond ?? 50), INSIST: 'false' };
  const remove = () => kube.kubectl(['delete', 'pod', NAME, '--ignore-not-found', '--grace-period=1']);
  await remove();
  await kube.apply({
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: {
      name: NAME,
      labels: {
        'app.kubernetes.io/name': 'smoke',
        'app.kubernetes.io/instance': of.shop,
        'app.kubernetes.io/part-of': 'souk',
      },
    },
    spec: {
      restartPolicy: 'Never',
      automountServiceAccountToken: false,
      securityContext: { runAsNonRoot: true, runAsUser: 65_532, seccompProfile: { type: 'RuntimeDefault' } },
      containers: [
        {
          name: 'load',
          image: of.image,
          imagePullPolicy: 'IfNotPresent',
          args: ['--input-type=module', '-e', script],
          env: Object.entries(env).map(([name, value]) => ({ name, value })),
          securityContext: { allowPrivilegeEscalation: false, capabilities: { drop: ['ALL'] } },
          volumeMounts: [{ name: 'tmp', mountPath: '/tmp' }],
        },
      ],
      volumes: [{ name: 'tmp', emptyDir: {} }],
    },
  });
  try {
    const logs = () => kube.kubectl(['logs', NAME]);
    await waitFor(async () => (await logs()).includes('started'), {
      timeoutMs: 120_000,
      everyMs: 1_000,
      what: 'The load',
    });
    await work();
    await kube.kubectl([
      'exec',
      NAME,
      '--',
      '/nodejs/bin/node',
      '-e',
      "require('node:fs').writeFileSync('/tmp/stop', '')",
    ]);
    const ended = ['wait', `pod/${NAME}`, '--for=jsonpath={.status.phase}=Succeeded', '--timeout=240s'];
    await kube.kubectl(ended, { timeoutMs: 250_000 });
    return JSON.parse((await logs()).trim().split('\n').at(-1) ?? '') as LoadResult;
  } finally {
    await remove();
  }
}
