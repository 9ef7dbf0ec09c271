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

/** Where a pod finds the API server; without it kubeconfig files say so. */
export interface InCluster {
  host: string;
  port: string;
  accountFolder?: string;
}

/** Answers the access as it is now; remembered for a minute. */
export function createAccess(inCluster?: InCluster): () => Promise<Access> {
  const read = inCluster ? () => readAccount(inCluster) : createKubeconfigReader();
  let known: { access: Access; readAt: number } | undefined;
  return async () => {
    if (!known || Date.now() - known.readAt > KEPT_MS) known = { access: await read(), readAt: Date.now() };
    return known.access;
  };
}

/** A pod's own account. Read by hand: client-node for this alone would cost a tenth of the operator's memory. */
async function readAccount({ accountFolder = ACCOUNT, host, port }: InCluster): Promise<Access> {
  const [token = '', ca = ''] = await Promise.all(
    ['token', 'ca.crt'].map((name) => readFile(join(accountFolder, name), 'utf8')),
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
