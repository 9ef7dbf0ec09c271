import { spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';

export const ROOT = fileURLToPath(new URL('../../../', import.meta.url));

export interface ProgramOptions {
  env?: Readonly<Record<string, string>>;
  /** Goes to its standard input. */
  input?: string | Buffer;
  timeoutMs?: number;
}

/** A program ended with another code than 0, did not end in time, or is not there. */
export class ProgramError extends Error {
  override readonly name = 'ProgramError';
}

const TIMEOUT_MS = 120_000;

/** Runs a program in the workspace and answers what it wrote; standard error is in the error when it fails. */
export async function run(program: string, args: readonly string[], options: ProgramOptions = {}): Promise<string> {
  return (await runBoth(program, args, options)).stdout;
}

/** The same with both outputs: kubectl tells its warnings on standard error. */
export function runBoth(
  program: string,
  args: readonly string[],
  { env = {}, input, timeoutMs = TIMEOUT_MS }: ProgramOptions = {},
): Promise<{ stdout: string; stderr: string }> {
  const title = `${program} ${args.slice(0, 6).join(' ').slice(0, 160)}`;
  return new Promise((resolve, reject) => {
    const child = spawn(program, args, { cwd: ROOT, env: { ...process.env, ...env }, timeout: timeoutMs });
    let stdout = '';
    let stderr = '';
    child.stdout.setEncoding('utf8').on('data', (text: string) => (stdout += text));
    child.stderr.setEncoding('utf8').on('data', (text: string) => (stderr += text));
    child.on('error', (error) => reject(new ProgramError(`${title}: ${error.message}`)));
    child.on('close', (code, signal) => {
      if (code === 0) resolve({ stdout, stderr });
      else reject(new ProgramError(`${title} ended with ${signal ?? code}:\n${(stderr || stdout).trim()}`));
    });
    child.stdin.on('error', () => undefined);
    child.stdin.end(input ?? '');
  });
}
