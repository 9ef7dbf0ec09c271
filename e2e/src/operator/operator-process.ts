import { type ChildProcess, spawn } from 'node:child_process';
import { createWriteStream } from 'node:fs';
import { join } from 'node:path';
import { waitFor } from '@souk/testing';
import { ROOT } from '../deployed/program.ts';

/** The bundled operator as a process of this machine. */
export interface OperatorProcess {
  child: ChildProcess;
  url: string;
  log(): string;
  kill(signal: NodeJS.Signals): Promise<void>;
}

export interface OperatorOptions {
  kubeconfig: string;
  namespace: string;
  name: string;
  port: number;
  folder: string;
}

export async function startOperator({
  folder,
  kubeconfig,
  name,
  namespace,
  port,
}: OperatorOptions): Promise<OperatorProcess> {
  let output = '';
  const file = createWriteStream(join(folder, `${name}.log`), { flags: 'a' });
  const child = spawn(process.execPath, [join(ROOT, 'services/operator/dist/main.js')], {
    env: {
      ...process.env,
      KUBECONFIG: kubeconfig,
      PORT: String(port),
      POD_NAME: name,
      POD_NAMESPACE: namespace,
      WATCH_NAMESPACES: namespace,
      OPERATOR_IMAGE: 'souk/operator:test',
    },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  for (const stream of [child.stdout, child.stderr])
    stream.setEncoding('utf8').on('data', (text: string) => {
      output += text;
      file.write(text);
    });
  const url = `http://127.0.0.1:${port}`;
  const isUp = async () => (await fetch(`${url}/livez`)).ok;
  await waitFor(isUp, { timeoutMs: 30_000, everyMs: 200, what: `The operator ${name}` });
  return {
    child,
    url,
    log: () => output,
    kill: (signal) =>
      new Promise((resolve) => {
        if (child.exitCode !== null || child.signalCode !== null) return resolve();
        child.once('exit', () => resolve());
        child.kill(signal);
      }),
  };
}

/** One figure of /metrics, the sum of its series that match. */
export async function metricOf(url: string, name: string, labels = ''): Promise<number> {
  const text = await (await fetch(`${url}/metrics`)).text();
  return text
    .split('\n')
    .filter((line) => line.startsWith(`${name}{`) && line.includes(labels))
    .reduce((sum, line) => sum + Number(line.split(' ').at(-1)), 0);
}
