import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { openPlatformLog } from './platform-log.ts';

let folder: string;
let terminal: string[];
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'souk-log-'));
  terminal = [];
  vi.spyOn(process.stderr, 'write').mockImplementation((text) => terminal.push(String(text)) > 0);
});
afterEach(() => {
  vi.restoreAllMocks();
  rmSync(folder, { recursive: true });
});

const path = () => join(folder, 'logs', 'souk.log');

describe('the log of the one-process run', () => {
  it('is one file for all services, and names errors on the terminal too', async () => {
    const log = openPlatformLog(folder, {});
    expect(log.place).toBe(path());
    log.loggerFor('order-service').info('Started service');
    log.loggerFor('payment-service').error({ error: new RangeError('no money') }, 'Charge failed');
    log.loggerFor('payment-service').error('Gave up');
    await log.close();
    const lines = readFileSync(path(), 'utf8').trim().split('\n');
    expect(lines.map((line) => JSON.parse(line).service)).toEqual([
      'order-service',
      'payment-service',
      'payment-service',
    ]);
    expect(terminal).toEqual(['payment-service: Charge failed: no money\n', 'payment-service: Gave up\n']);
  });

  it('has the level of the environment', async () => {
    const log = openPlatformLog(folder, { LOG_LEVEL: 'warn' });
    log.loggerFor('order-service').info('Started service');
    await log.close();
    expect(readFileSync(path(), 'utf8')).toBe('');
  });

  it('begins anew above 20 MB and keeps the one before', async () => {
    await openPlatformLog(folder, {}).close();
    writeFileSync(path(), '');
    truncateSync(path(), 20_000_001);
    await openPlatformLog(folder, {}).close();
    expect(readFileSync(path(), 'utf8')).toBe('');
    expect(existsSync(`${path()}.1`)).toBe(true);
  });

  it.each(['json', 'pretty'])('goes to standard output as %s for whoever wants to see it there', async (format) => {
    const log = openPlatformLog(folder, { LOG_FORMAT: format, LOG_LEVEL: 'silent' });
    log.loggerFor('order-service').error('Nobody hears this');
    await log.close();
    expect(log.place).toBe('standard output');
    expect(existsSync(path())).toBe(false);
    expect(terminal).toEqual([]);
  });

  it('says on the terminal that it cannot be written, and that nothing else stops for it', async () => {
    mkdirSync(path(), { recursive: true });
    const log = openPlatformLog(folder, {});
    await expect.poll(() => terminal.join('')).toContain(`The log ${path()} cannot be written: EISDIR`);
    log.loggerFor('order-service').error('Nobody writes this down');
    expect(terminal.at(-1)).toBe('order-service: Nobody writes this down\n');
    await log.close();
  });
});
