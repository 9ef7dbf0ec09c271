import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { Steps } from './steps.mjs';

const program = (script: string) => [process.execPath, '-e', script];

describe('The steps of a check run', () => {
  const lines: string[] = [];
  beforeEach(() => {
    lines.length = 0;
    vi.spyOn(console, 'log').mockImplementation((line: string) => void lines.push(line.trim()));
  });
  afterEach(() => vi.restoreAllMocks());

  it('are counted, and what failed is named at the end', async () => {
    const steps = new Steps();
    await steps.run('Fine', program(''));
    await steps.run('Broken', program('process.exit(3)'));
    expect(steps.close()).toBe(1);
    expect(lines).toContain('Failed:\n- Broken');
    expect(lines.at(-1)).toBe('1 passed, 1 failed');
  });

  it('succeed although something was skipped, which is counted apart', async () => {
    const steps = new Steps();
    await steps.run('Fine', program(''));
    steps.skip(['Elsewhere', 'Further away'], 'there is no engine');
    expect(steps.close()).toBe(0);
    expect(lines.at(-1)).toBe('1 passed, 0 failed, 2 skipped');
  });

  it('are not counted when they are only attempted', async () => {
    const steps = new Steps();
    expect(await steps.attempt('An engine', program('process.exit(1)'))).toBe(false);
    expect(await steps.attempt('Not there', ['/no/such/program'])).toBe(false);
    steps.close();
    expect(lines.at(-1)).toBe('0 passed, 0 failed');
  });

  it('end with everything they have started when they take too long', async () => {
    const steps = new Steps();
    const endless = 'setInterval(() => {}, 1000)';
    const startedAt = performance.now();
    const grandchild = `require('node:child_process').spawnSync(process.execPath, ['-e', ${JSON.stringify(endless)}])`;
    expect(await steps.run('Endless', program(grandchild), { minutes: 0.02 })).toBe(false);
    expect(performance.now() - startedAt).toBeLessThan(15_000);
    expect(lines).toContain('Not over after 0.02 minutes: ended');
  });

  it('after a signal end the one under way, leave out the rest and still clean up', async () => {
    const script = `
      import { Steps } from ${JSON.stringify(new URL('steps.mjs', import.meta.url).href)};
      const steps = new Steps();
      await steps.run('Endless', [process.execPath, '-e', 'console.log("running"); setInterval(() => {}, 1000)']);
      await steps.run('Never', [process.execPath, '-e', 'console.log("never run")']);
      await steps.attempt('Clean', [process.execPath, '-e', 'console.log("cleaned up")'], { cleanup: true });
      process.exitCode = steps.close();`;
    const child = spawn(process.execPath, ['--input-type=module', '-e', script], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    let output = '';
    child.stdout.setEncoding('utf8').on('data', (text: string) => {
      output += text;
      if (text.includes('running')) child.kill('SIGTERM');
    });
    const [code] = await once(child, 'close');
    expect(code).toBe(1);
    expect(output).toContain('cleaned up');
    expect(output).not.toContain('never run');
    expect(output.trim().split('\n').at(-1)).toBe('0 passed, 3 failed');
  });
});
