import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { existsSync, mkdirSync } from 'node:fs';
import { createServer } from 'node:net';
import { homedir } from 'node:os';
import { delimiter, join } from 'node:path';
import { waitFor } from '@souk/testing';

const PACKAGE = 'github.com/stripe/stripe-mock@latest';
const INSTALL_TIMEOUT_MS = 180_000;

/** Stripe's own mock, which holds every request against their OpenAPI document. */
export interface StripeMock {
  url: string;
  stop(): Promise<void>;
}

/** The binary on this machine, else built by Go where its module proxy answers; undefined where neither works. */
export function findStripeMock(cacheFolder: string): string | undefined {
  const folders = [...(process.env.PATH ?? '').split(delimiter), join(homedir(), 'go', 'bin'), cacheFolder];
  const found = folders.map((folder) => join(folder, 'stripe-mock')).find((path) => existsSync(path));
  if (found !== undefined) return found;
  try {
    mkdirSync(cacheFolder, { recursive: true });
    const env = { ...process.env, GOBIN: cacheFolder, GOFLAGS: '-mod=mod' };
    execFileSync('go', ['install', PACKAGE], { env, timeout: INSTALL_TIMEOUT_MS, stdio: 'ignore' });
    return join(cacheFolder, 'stripe-mock');
  } catch {
    return undefined;
  }
}

export async function startStripeMock(binary: string): Promise<StripeMock> {
  const port = await freePort();
  const child = spawn(binary, ['-http-addr', `127.0.0.1:${port}`], { stdio: 'ignore' });
  const url = `http://127.0.0.1:${port}`;
  await waitFor(() => fetch(url).then(() => true), { timeoutMs: 10_000, what: 'stripe-mock' });
  return { url, stop: () => end(child) };
}

function end(child: ChildProcess): Promise<void> {
  return new Promise((resolve) => {
    child.once('exit', () => resolve());
    child.kill();
  });
}

function freePort(): Promise<number> {
  return new Promise((resolve) => {
    const server = createServer().listen(0, '127.0.0.1', () => {
      const address = server.address();
      server.close(() => resolve(typeof address === 'object' && address !== null ? address.port : 0));
    });
  });
}
