import { readFile } from 'node:fs/promises';
import type { RequestOptions } from 'node:https';
import { join } from 'node:path';
import type { KubeConfig } from '@kubernetes/client-node';

const ACCOUNT = '/var/run/secrets/kubernetes.io/serviceaccount';
/** Tokens and certificates are read again after this: a mounted token is exchanged every hour. */
const KEPT_MS = 60_000;

/** The API server and what it asks of its clients. */
export interface Access {
  server: URL;
  options: RequestOptions;
}

export interface AccessOptions {
  env?: Readonly<Record<string, string | undefined>>;
  accountFolder?: string;
}

/** Answers the access as it is now; remembered for a minute. */
export function createAccess({
  accountFolder = ACCOUNT,
  env = process.env,
}: AccessOptions = {}): () => Promise<Access> {
  const { KUBECONFIG, KUBERNETES_SERVICE_HOST: host, KUBERNETES_SERVICE_PORT: port = '443' } = env;
  const isInCluster = KUBECONFIG === undefined && host !== undefined;
  const read = isInCluster ? () => readAccount({ host, port, folder: accountFolder }) : createKubeconfigReader();
  let known: { access: Access; readAt: number } | undefined;
  return async () => {
    if (!known || Date.now() - known.readAt > KEPT_MS) known = { access: await read(), readAt: Date.now() };
    return known.access;
  };
}

/** A pod's own account. Read by hand: client-node for this alone would cost a tenth of the operator's memory. */
async function readAccount(of: { host: string; port: string; folder: string }): Promise<Access> {
  const { folder, host, port } = of;
  const [token = '', ca = ''] = await Promise.all(
    ['token', 'ca.crt'].map((name) => readFile(join(folder, name), 'utf8')),
  );
  const server = new URL(`https://${host.includes(':') ? `[${host}]` : host}:${port}`);
  return { server, options: { ca, headers: { authorization: `Bearer ${token.trim()}` } } };
}

/** Kubeconfig files, with every way of logging in that client-node knows. */
function createKubeconfigReader(): () => Promise<Access> {
  let loaded: Promise<KubeConfig> | undefined;
  return async () => {
    loaded ??= import('@kubernetes/client-node/dist/config.js').then(({ KubeConfig }) => {
      const config = new KubeConfig();
      config.loadFromDefault();
      return config;
    });
    const config = await loaded;
    const options: RequestOptions = {};
    await config.applyToHTTPSOptions(options);
    const { agent: _own, ...rest } = options;
    return { server: new URL(config.getCurrentCluster()?.server ?? 'https://kubernetes.default.svc'), options: rest };
  };
}
