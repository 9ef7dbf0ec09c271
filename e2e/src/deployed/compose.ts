import { expectThat } from './checklist.ts';
import { run } from './program.ts';

const FILE = 'compose.dev.yaml';

/** One command of Docker Compose on the platform's file; ports and the like come from the environment as for everybody. */
export function compose(
  args: readonly string[],
  env: Record<string, string> = {},
  timeoutMs = 300_000,
): Promise<string> {
  return run('docker', ['compose', '-f', FILE, ...args], { env, timeoutMs });
}

export interface ContainerState {
  Service: string;
  State: string;
  Health: string;
  ExitCode: number;
}

/** All containers, the ones that have ended too. */
export async function containers(env: Record<string, string> = {}): Promise<ContainerState[]> {
  const lines = (await compose(['ps', '--all', '--format', 'json'], env)).trim();
  if (lines === '') return [];
  // Compose before 2.21 writes one array, later ones a line per container.
  return lines.startsWith('[') ? JSON.parse(lines) : lines.split('\n').map((line) => JSON.parse(line));
}

/** Where a port of a container is reached from here, whatever variable has moved it. */
export async function addressOf(service: string, port: number, env: Record<string, string> = {}): Promise<string> {
  const address = (await compose(['port', service, String(port)], env)).trim();
  expectThat(/:\d+$/.test(address) && !address.endsWith(':0'), `${service} does not publish port ${port}`);
  return `http://${address}`;
}

/** Runs a command in a container; they bear their services' names. (`docker compose exec` takes seconds longer.) */
export function inside(service: string, command: readonly string[]): Promise<string> {
  return run('docker', ['exec', service, ...command], { timeoutMs: 30_000 });
}
