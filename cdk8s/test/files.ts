import { readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { parse } from 'yaml';
import type { PlatformOptions } from '../src/model/options.ts';
import type { Manifest } from '../src/render/metadata.ts';
import { renderNamespace, renderPlatform } from '../src/render/platform.ts';

const ROOT = fileURLToPath(new URL('../../', import.meta.url));

export function readText(path: string): string {
  return readFileSync(`${ROOT}${path}`, 'utf8');
}

export function listFolder(path: string): string[] {
  return readdirSync(`${ROOT}${path}`).sort();
}

/** One environment as a flat list, the namespace first. */
export function renderAll(options: PlatformOptions): Manifest[] {
  return [renderNamespace(options), ...Object.values(renderPlatform(options)).flat()];
}

export interface ComposeService {
  image?: string;
  container_name?: string;
  build?: { context: string; args: { SERVICE: string } };
  command?: string[];
  environment?: Record<string, string>;
  ports?: string[];
  restart?: string;
  read_only?: boolean;
  cap_drop?: string[];
  volumes?: string[];
  healthcheck?: { test: string[] };
  depends_on?: Record<string, { condition: string }>;
  develop?: { watch: { action: string; path: string }[] };
}

export function readCompose(): { services: Record<string, ComposeService>; volumes: Record<string, unknown> } {
  return parse(readText('compose.dev.yaml'), { merge: true });
}
