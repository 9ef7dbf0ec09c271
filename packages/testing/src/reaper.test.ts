import { spawn } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { startReaper } from './reaper.ts';
import { waitFor } from './wait-for.ts';

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return !readFileSync(`/proc/${pid}/stat`, 'utf8').includes(') Z ');
  } catch {
    return false;
  }
}

/** A process that starts a reaper and a sleeping group of its own, says so, and waits. */
function startRun() {
  const reaperUrl = fileURLToPath(new URL('reaper.ts', import.meta.url));
  const script = `
    import { spawn } from 'node:child_process';
    import { startReaper } from ${JSON.stringify(reaperUrl)};
    const reaper = startReaper();
    const sleeper = spawn('/bin/sh', ['-c', 'sleep 600 & wait'], { detached: true, stdio: 'ignore' });
    reaper.watch(-sleeper.pid, 'KILL');
    console.log(JSON.stringify({ folder: reaper.folder, pid: sleeper.pid }));
    setInterval(() => {}, 1000);`;
  return spawn(process.execPath, ['--import', 'tsx', '--input-type=module', '-e', script], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
}

describe.runIf(process.platform === 'linux')('the reaper', () => {
  it.each(['SIGKILL', 'SIGINT'] as const)(
    'cleans up behind a run that ends by %s',
    { timeout: 40_000 },
    async (signal) => {
      const run = startRun();
      const line = await new Promise<string>((resolve) => run.stdout.once('data', (chunk) => resolve(String(chunk))));
      const { folder, pid } = JSON.parse(line) as { folder: string; pid: number };
      expect(isAlive(pid)).toBe(true);
      writeFileSync(join(folder, 'something'), '');
      run.kill(signal);
      await waitFor(() => !isAlive(pid) && !existsSync(folder), {
        timeoutMs: 15_000,
        what: 'The end of group and folder',
      });
    },
  );

  it('only removes the folder after a run that has stopped everything itself', () => {
    const reaper = startReaper();
    mkdirSync(join(reaper.folder, 'inner'));
    reaper.watch(process.pid, 'KILL'); // would end this test run if it were not called off
    reaper.close();
    expect(existsSync(reaper.folder)).toBe(false);
  });
});
