import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { waitFor } from '@souk/testing';
import { type Child, cleanEnvironment, PlatformProcessError, startChild } from './child.ts';
import { readMailFolder } from './mail.ts';
import { type Platform, type PlatformOptions, TEST_SETTINGS } from './platform.ts';
import { freePortRange } from './port-range.ts';

const START_TIMEOUT_MS = 60_000;
const STOP_TIMEOUT_MS = 30_000;

/** What the one-process run writes about itself when it is ready. */
interface Announcement {
  pid: number;
  ports: Record<string, number>;
  postgresPort: number;
}

function readAnnouncement(folder: string, pid: number): Announcement | undefined {
  const path = join(folder, 'platform.json');
  if (!existsSync(path)) return undefined;
  try {
    const announcement = JSON.parse(readFileSync(path, 'utf8')) as Announcement;
    return announcement.pid === pid ? announcement : undefined; // the one of a run that was killed may still be there
  } catch {
    return undefined;
  }
}

class EmbeddedPlatform implements Platform {
  readonly mode = 'embedded';
  readonly #folder = mkdtempSync(join(tmpdir(), 'souk-e2e-'));
  readonly #env: Record<string, string>;
  #portBase: number | undefined;
  #child: Child | undefined;
  #announcement: Announcement | undefined;
  #logs = '';

  constructor(env: Record<string, string>) {
    this.#env = env;
  }

  async start(): Promise<void> {
    // The same ports after a crash, because clients and tokens know them.
    this.#portBase ??= await freePortRange(7);
    const child = startChild({
      name: 'souk',
      args: ['packages/embedded/dist/main.js'],
      env: {
        ...cleanEnvironment(),
        ...TEST_SETTINGS,
        ...this.#env,
        SOUK_DATA_DIRECTORY: this.#folder,
        SOUK_PORT_BASE: String(this.#portBase),
      },
    });
    this.#child = child;
    const started = await waitFor(() => (child.isRunning() ? readAnnouncement(this.#folder, child.pid) : 'ended'), {
      timeoutMs: START_TIMEOUT_MS,
      everyMs: 50,
      what: 'The embedded platform',
    });
    if (started === 'ended') throw new PlatformProcessError(`The platform ended: ${child.output().slice(-2_000)}`);
    this.#announcement = started;
  }

  get #ports(): Record<string, number> {
    if (this.#announcement === undefined) throw new PlatformProcessError('The platform has not been started');
    return this.#announcement.ports;
  }

  get gatewayUrl(): string {
    return this.serviceUrl('api-gateway');
  }

  get opsUrl(): string {
    return `http://127.0.0.1:${this.#ports.ops}`;
  }

  get internalSecret(): string {
    return this.#secrets().internalSecret;
  }

  #secrets(): { internalSecret: string; databasePassword: string } {
    return JSON.parse(readFileSync(join(this.#folder, 'secrets.json'), 'utf8'));
  }

  serviceUrl(service: string): string {
    return `http://127.0.0.1:${this.#ports[service]}`;
  }

  databaseUrl(database: string): string {
    const { databasePassword } = this.#secrets();
    return `postgresql://${database}_owner:${databasePassword}@127.0.0.1:${this.#announcement?.postgresPort}/${database}`;
  }

  mails() {
    return readMailFolder(join(this.#folder, 'mail'));
  }

  logs(): string {
    const path = join(this.#folder, 'logs', 'souk.log');
    const written = existsSync(path) ? readFileSync(path, 'utf8') : '';
    return this.#logs + (this.#child?.output() ?? '') + written;
  }

  async #end(signal: NodeJS.Signals): Promise<void> {
    const child = this.#child;
    if (child === undefined) return;
    this.#child = undefined;
    child.signal(signal);
    const late = setTimeout(() => child.signal('SIGKILL'), STOP_TIMEOUT_MS);
    await child.ended;
    clearTimeout(late);
    this.#logs += child.output();
  }

  kill(): Promise<void> {
    return this.#end('SIGKILL');
  }

  async stop(): Promise<void> {
    await this.#end('SIGTERM');
    rmSync(this.#folder, { recursive: true, force: true });
  }
}

/** Starts the one-process run of `npm start` on free ports and a data folder of its own. */
export async function startEmbeddedPlatform({ env = {} }: PlatformOptions = {}): Promise<Platform> {
  const platform = new EmbeddedPlatform(env);
  try {
    await platform.start();
    return platform;
  } catch (error) {
    await platform.stop();
    throw error;
  }
}
