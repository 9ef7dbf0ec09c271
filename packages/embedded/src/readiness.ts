import { setTimeout as sleep } from 'node:timers/promises';
import type { PortName, Ports } from './layout.ts';
import { StartError } from './start-error.ts';

const READY_TIMEOUT_MS_DEFAULT = 30_000;

async function readinessOf(port: number): Promise<string | undefined> {
  try {
    const response = await fetch(`http://127.0.0.1:${port}/readyz`, { signal: AbortSignal.timeout(2_000) });
    return response.ok ? undefined : (await response.text()).slice(0, 300);
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
}

async function waitForOne({ name, port, timeoutMs }: { name: string; port: number; timeoutMs: number }): Promise<void> {
  const deadline = Date.now() + timeoutMs;
  for (;;) {
    const problem = await readinessOf(port);
    if (problem === undefined) return;
    if (Date.now() > deadline) throw new StartError(`${name} did not become ready: ${problem}`);
    await sleep(30);
  }
}

/** Waits until every service says that it can serve; the gateway says so on its operations port. */
export async function waitUntilReady(ports: Ports, timeoutMs = READY_TIMEOUT_MS_DEFAULT): Promise<void> {
  const probes = (Object.keys(ports) as PortName[]).filter((name) => name !== 'api-gateway');
  await Promise.all(
    probes.map((probe) => waitForOne({ name: probe === 'ops' ? 'api-gateway' : probe, port: ports[probe], timeoutMs })),
  );
}
