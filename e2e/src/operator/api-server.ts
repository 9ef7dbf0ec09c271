import { type ChildProcess, spawn } from 'node:child_process';
import { generateKeyPairSync } from 'node:crypto';
import { existsSync, mkdtempSync, openSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { waitFor } from '@souk/testing';
import { run } from '../deployed/program.ts';

const ADMIN_TOKEN = 'token-of-the-administrator';

/** A real API server with its etcd and nothing else: no controllers, no nodes. */
export interface ApiServer {
  folder: string;
  /** For kubectl as administrator. */
  kubeconfig: string;
  /** Where it listens. */
  port: number;
  /** A kubeconfig of somebody else, by a token, and by another way to the server if there is one. */
  kubeconfigFor(token: string, through?: number): string;
  start(): Promise<void>;
  /** As if it were gone; `start` brings it back with all it knew. */
  stop(): Promise<void>;
  remove(): Promise<void>;
}

/** Whether the programs are on the path. */
export function hasApiServer(): boolean {
  const folders = (process.env.PATH ?? '').split(delimiter);
  return ['etcd', 'kube-apiserver'].every((name) => folders.some((folder) => existsSync(join(folder, name))));
}

function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer().on('error', reject);
    server.listen(0, '127.0.0.1', () => {
      const address = server.address();
      server.close(() => resolve(typeof address === 'object' && address !== null ? address.port : 0));
    });
  });
}

function stopChild(child: ChildProcess | undefined): Promise<void> {
  return new Promise((resolve) => {
    if (!child || child.exitCode !== null || child.signalCode !== null) return resolve();
    child.once('exit', () => resolve());
    child.kill('SIGKILL');
  });
}

export async function createApiServer(): Promise<ApiServer> {
  const folder = mkdtempSync(join(tmpdir(), 'souk-api-server-'));
  const [port, client, peer] = [await freePort(), await freePort(), await freePort()];
  const { privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
  writeFileSync(join(folder, 'accounts.key'), privateKey.export({ type: 'pkcs1', format: 'pem' }));
  writeFileSync(join(folder, 'tokens.csv'), `${ADMIN_TOKEN},administrator,1,"system:masters"\n`);
  const children: { etcd?: ChildProcess; api?: ChildProcess } = {};
  const launch = (name: string, args: string[]) => {
    const log = openSync(join(folder, `${name}.log`), 'a');
    return spawn(name, args, { cwd: folder, stdio: ['ignore', log, log] });
  };
  const urls = { client: `http://127.0.0.1:${client}`, peer: `http://127.0.0.1:${peer}` };
  const kubeconfigFor = (token: string, through = port) => {
    const path = join(folder, `kubeconfig-${token.slice(-12).replaceAll(/[^a-zA-Z0-9]/g, '_')}-${through}`);
    const config = {
      apiVersion: 'v1',
      kind: 'Config',
      'current-context': 'it',
      clusters: [{ name: 'it', cluster: { server: `https://127.0.0.1:${through}`, 'insecure-skip-tls-verify': true } }],
      users: [{ name: 'it', user: { token } }],
      contexts: [{ name: 'it', context: { cluster: 'it', user: 'it' } }],
    };
    writeFileSync(path, JSON.stringify(config), { mode: 0o600 });
    return path;
  };
  const kubeconfig = kubeconfigFor(ADMIN_TOKEN);
  return {
    folder,
    port,
    kubeconfig,
    kubeconfigFor,
    async start() {
      children.etcd ??= launch('etcd', [
        `--data-dir=${join(folder, 'etcd')}`,
        '--unsafe-no-fsync',
        `--listen-client-urls=${urls.client}`,
        `--advertise-client-urls=${urls.client}`,
        `--listen-peer-urls=${urls.peer}`,
        `--initial-advertise-peer-urls=${urls.peer}`,
        `--initial-cluster=default=${urls.peer}`,
      ]);
      children.api = launch('kube-apiserver', [
        `--etcd-servers=${urls.client}`,
        `--secure-port=${port}`,
        '--bind-address=127.0.0.1',
        `--cert-dir=${join(folder, 'certificates')}`,
        '--service-cluster-ip-range=10.97.0.0/16',
        '--authorization-mode=RBAC',
        '--token-auth-file=tokens.csv',
        '--service-account-issuer=https://kubernetes.default.svc',
        '--service-account-key-file=accounts.key',
        '--service-account-signing-key-file=accounts.key',
      ]);
      const isReady = async () =>
        (await run('kubectl', ['get', '--raw', '/readyz'], { env: { KUBECONFIG: kubeconfig } })) === 'ok';
      await waitFor(isReady, { timeoutMs: 90_000, everyMs: 500, what: 'The API server' });
    },
    stop: () => stopChild(children.api),
    async remove() {
      await stopChild(children.api);
      await stopChild(children.etcd);
      rmSync(folder, { recursive: true, force: true });
    },
  };
}
