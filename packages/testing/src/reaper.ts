import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

// Reads what to end, one "<signal> <pid>" a line (a negative pid is a process group) or "container <id>". At the end of its
// input, which a killed test run brings about too, it ends all of that and removes the folder; the line "done" calls it off.
const SCRIPT = `
folder=$1; targets=; containers=
while read -r signal pid; do
  case $signal in
    done) exit 0 ;;
    container) containers="$containers $pid" ;;
    *) targets="$targets $signal:$pid" ;;
  esac
done
[ -n "$containers" ] && docker rm -f -v $containers >/dev/null 2>&1
for target in $targets; do kill -\${target%%:*} "\${target#*:}" 2>/dev/null; done
for target in $targets; do
  tries=0
  while kill -0 "\${target#*:}" 2>/dev/null && [ $tries -lt 50 ]; do sleep 0.1; tries=$((tries + 1)); done
done
rm -rf "$folder" || { sleep 1; rm -rf "$folder"; }
`;

export interface Reaper {
  /** A temporary folder that is gone after the run, whatever happens. */
  folder: string;
  /** Ends this process (a negative pid: its group) after the run, whatever happens. */
  watch(pid: number, signal: 'KILL' | 'QUIT'): void;
  /** Removes this container after the run, whatever happens; needs the program `docker`. */
  watchContainer(id: string): void;
  /** Everything has been stopped in good order. */
  close(): void;
}

/** A process beside the test run that cleans up behind it, also when the run is interrupted or killed. */
export function startReaper(): Reaper {
  const folder = mkdtempSync(join(tmpdir(), 'souk-test-'));
  const child = spawn('/bin/sh', ['-c', SCRIPT, 'souk-test-reaper', folder], {
    cwd: '/',
    detached: true,
    stdio: ['pipe', 'ignore', 'ignore'],
  });
  child.stdin.on('error', () => {});
  child.unref();
  return {
    folder,
    watch: (pid, signal) => {
      child.stdin.write(`${signal} ${pid}\n`);
    },
    watchContainer: (id) => {
      child.stdin.write(`container ${id}\n`);
    },
    close: () => {
      rmSync(folder, { recursive: true, force: true, maxRetries: 5, retryDelay: 100 });
      child.stdin.end('done\n');
    },
  };
}
