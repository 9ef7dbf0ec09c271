import { createWriteStream, existsSync, mkdirSync, renameSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { createLogger, type Environment, type Logger } from '@souk/service-runtime';

const LOG_BYTES_MAX = 20_000_000;

export interface PlatformLog {
  /** Where the lines go, for people. */
  place: string;
  loggerFor(service: string): Logger;
  close(): Promise<void>;
}

/**
 * Logs of all services in one file, so that the terminal stays readable; errors are named there too. Whoever sets
 * LOG_FORMAT wants the lines on standard output instead.
 */
export function openPlatformLog(folder: string, env: Environment): PlatformLog {
  const level = env.LOG_LEVEL || 'info';
  if (env.LOG_FORMAT) {
    const format = env.LOG_FORMAT === 'pretty' ? 'pretty' : 'json';
    return {
      place: 'standard output',
      loggerFor: (service) => createLogger({ service, level, format }),
      close: async () => {},
    };
  }
  const logs = join(folder, 'logs');
  const path = join(logs, 'souk.log');
  mkdirSync(logs, { recursive: true, mode: 0o700 });
  if (existsSync(path) && statSync(path).size > LOG_BYTES_MAX) renameSync(path, `${path}.1`);
  const file = createWriteStream(path, { flags: 'a', mode: 0o600 });
  file.on('error', (error) => process.stderr.write(`The log ${path} cannot be written: ${error.message}\n`));
  const write = (line: string) => {
    if (!file.destroyed) file.write(line);
    if (line.startsWith('{"level":"error"') || line.startsWith('{"level":"fatal"')) showError(line);
  };
  return {
    place: path,
    loggerFor: (service) => createLogger({ service, level, format: 'json', destination: { write } }),
    close: () => new Promise((resolve) => file.end(() => resolve())),
  };
}

function showError(line: string): void {
  try {
    const { service, message, error } = JSON.parse(line) as Record<string, unknown>;
    const reason = typeof error === 'object' && error !== null && 'message' in error ? `: ${error.message}` : '';
    process.stderr.write(`${service}: ${message}${reason}\n`);
  } catch {
    process.stderr.write(line);
  }
}
