import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, openSync } from 'node:fs';
import { expect, it } from 'vitest';

const FULL = '/dev/full';
const PROGRAM = `
import { createLogger } from ${JSON.stringify(new URL('./logger.ts', import.meta.url).pathname)};
const logger = createLogger({ service: 'x', level: 'info', format: 'json' });
let lines = 0;
const writing = setInterval(() => {
  logger.info({ lines }, 'A line');
  if ((lines += 1) < 20) return;
  clearInterval(writing);
  process.exit(7);
}, 20);
`;

it.runIf(existsSync(FULL))(
  'a full disk under the log ends no process, and keeps none from ending',
  async () => {
    const program = spawn(process.execPath, ['--import', 'tsx', '--input-type=module', '--eval', PROGRAM], {
      stdio: ['ignore', openSync(FULL, 'w'), 'pipe'],
    });
    let errors = '';
    program.stderr?.on('data', (chunk: Buffer) => {
      errors += chunk.toString();
    });
    const [code] = await once(program, 'close');
    expect([code, errors]).toEqual([7, '']);
  },
  60_000,
);
