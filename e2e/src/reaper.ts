import { spawn } from 'node:child_process';

const SCRIPT =
  'pids=; while read -r pid; do pids="$pids $pid"; done; for pid in $pids; do kill -KILL "$pid" 2>/dev/null; done';

export interface ProcessReaper {
  watch(pid: number): void;
}

let reaper: ProcessReaper | undefined;

/** One shell for each test worker that ends what is left of its platforms when the worker is gone, however it went. */
export function startReaper(): ProcessReaper {
  if (reaper !== undefined) return reaper;
  const child = spawn('/bin/sh', ['-c', SCRIPT, 'souk-e2e-reaper'], {
    detached: true,
    stdio: ['pipe', 'ignore', 'ignore'],
  });
  child.stdin.on('error', () => {});
  child.unref();
  (child.stdin as unknown as { unref?: () => void }).unref?.();
  reaper = { watch: (pid) => void child.stdin.write(`${pid}\n`) };
  return reaper;
}
