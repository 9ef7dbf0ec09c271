// The steps of a check run: each a program with a title and a time limit, counted for the line at the end.
import { spawn } from 'node:child_process';
import { ROOT } from '../workspace.mjs';

const SECOND_MS = 1_000;
const MINUTE_MS = 60_000;

/** Sends a signal to a program and everything it has started; its daemons have sessions of their own. */
function signalGroup(child, signal) {
  try {
    process.kill(-child.pid, signal);
  } catch {
    // ended meanwhile
  }
}

export class Steps {
  passed = 0;
  failed = 0;
  failures = [];
  skipped = [];
  /** Set by a signal: what is under way ends, what remains is left out, what was started is still taken down. */
  #stopped = false;
  #child;

  constructor() {
    for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'])
      process.on(signal, () => {
        this.#stopped = true;
        if (this.#child) signalGroup(this.#child, 'SIGTERM');
      });
  }

  /** Runs a program as a step that has to succeed. */
  async run(title, command, options = {}) {
    const ok = await this.attempt(title, command, options);
    this.count(title, ok);
    return ok;
  }

  /** Runs a program and answers whether it succeeded, without counting it. `cleanup` runs after a signal too. */
  async attempt(title, command, { env = {}, minutes = 45, cleanup = false } = {}) {
    if (this.#stopped && !cleanup) return false;
    console.log(`\n── ${title} ${'─'.repeat(Math.max(0, 76 - title.length))}`);
    const startedAt = performance.now();
    const ok = await this.#execute(command, { env, minutes });
    const seconds = Math.round((performance.now() - startedAt) / SECOND_MS);
    console.log(`${title}: ${ok ? 'passed' : 'FAILED'} after ${seconds} s`);
    return ok;
  }

  count(title, ok) {
    if (ok) this.passed += 1;
    else this.failed += 1;
    if (!ok) this.failures.push(title);
  }

  /** Something that cannot be tried here, which is nobody's fault. */
  skip(titles, reason) {
    if (this.#stopped) return;
    for (const title of titles) this.skipped.push(`${title}: ${reason}`);
    console.log(`\nSkipped: ${titles.join(', ')}: ${reason}`);
  }

  /** Prints what failed and what was left out, and answers the exit code. */
  close() {
    if (this.#stopped) this.count('The run was ended by a signal', false);
    const list = (heading, lines) => lines.length > 0 && console.log(`\n${heading}:\n- ${lines.join('\n- ')}`);
    list('Skipped', this.skipped);
    list('Failed', this.failures);
    const skipped = this.skipped.length > 0 ? `, ${this.skipped.length} skipped` : '';
    console.log(`\n${this.passed} passed, ${this.failed} failed${skipped}`);
    return this.failed === 0 ? 0 : 1;
  }

  #execute([program, ...args], { env, minutes }) {
    return new Promise((resolve) => {
      const child = spawn(program, args, {
        cwd: ROOT,
        stdio: ['ignore', 'inherit', 'inherit'],
        // A group of its own, so that all of it can be ended.
        detached: true,
        env: { ...process.env, CI: 'true', ...env },
      });
      this.#child = child;
      const limit = setTimeout(() => {
        console.log(`Not over after ${Number(minutes.toFixed(2))} minutes: ended`);
        signalGroup(child, 'SIGTERM');
      }, minutes * MINUTE_MS);
      const last = setTimeout(() => signalGroup(child, 'SIGKILL'), (minutes + 1) * MINUTE_MS);
      const end = (ok) => {
        clearTimeout(limit);
        clearTimeout(last);
        this.#child = undefined;
        resolve(ok);
      };
      child.on('error', (error) => {
        console.error(`${program}: ${error.message}`);
        end(false);
      });
      child.on('exit', (code) => end(code === 0));
    });
  }
}
