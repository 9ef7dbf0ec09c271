import { type ChildProcess, spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { startReaper } from './reaper.ts';

export const ROOT = fileURLToPath(new URL('../..', import.meta.url));

/** A process of the platform ended, or did not do what it should have. */
export class PlatformProcessError extends Error {
  constructor(message: string) {
    super(message);
    this.name = 'PlatformProcessError';
  }
}

export interface Child {
  readonly name: string;
  readonly pid: number;
  /** Everything it has written to both of its outputs. */
  output(): string;
  isRunning(): boolean;
  /** Answers the exit code, null after a signal. */
  ended: Promise<number | null>;
  signal(signal: NodeJS.Signals): void;
}

export interface ChildOptions {
  name: string;
  args: string[];
  env: Record<string, string | undefined>;
}

/** Starts Node on a script of the workspace. It never outlives the test run. */
export function startChild({ name, args, env }: ChildOptions): Child {
  const child: ChildProcess = spawn(process.execPath, args, {
    cwd: ROOT,
    stdio: ['ignore', 'pipe', 'pipe'],
    env: definedOf(env),
  });
  if (child.pid === undefined) throw new PlatformProcessError(`${name} did not start`);
  startReaper().watch(child.pid);
  const chunks: string[] = [];
  for (const stream of [child.stdout, child.stderr])
    stream?.on('data', (chunk: Buffer) => chunks.push(chunk.toString()));
  const ended = new Promise<number | null>((resolve) => child.once('close', (code) => resolve(code)));
  return {
    name,
    pid: child.pid,
    output: () => chunks.join(''),
    isRunning: () => child.exitCode === null && child.signalCode === null,
    ended,
    signal: (signal) => void child.kill(signal),
  };
}

/** Runs Node on a script and waits for its end; throws when it fails. */
export async function runChild(options: ChildOptions): Promise<string> {
  const child = startChild(options);
  const code = await child.ended;
  if (code !== 0) throw new PlatformProcessError(`${options.name} ended with code ${code}:\n${child.output()}`);
  return child.output();
}

function definedOf(env: Record<string, string | undefined>): Record<string, string> {
  return Object.fromEntries(
    Object.entries(env).flatMap(([name, value]) => (value === undefined ? [] : [[name, value]])),
  );
}

/** The environment of a child: what Node needs, and nothing of the settings that the test run's own shell may have. */
export function cleanEnvironment(): Record<string, string | undefined> {
  const { PATH, HOME, TMPDIR, LANG, TEMP, SystemRoot } = process.env;
  return { PATH, HOME, TMPDIR, LANG, TEMP, SystemRoot, NODE_ENV: 'production' };
}
