import { DistributedPlatform, startDistributedPlatform } from './distributed-platform.ts';
import { startEmbeddedPlatform } from './embedded-platform.ts';
import type { Mode, Platform, PlatformOptions } from './platform.ts';

export { countUnpublished, findDiscrepancies, readStock, type Stock, select } from './ledger.ts';
export type { Mail } from './mail.ts';
export { DATABASE_NAMES, MODES, type Mode, type Platform, SERVICE_NAMES, type ServiceName } from './platform.ts';
export * from './shop.ts';
export { DistributedPlatform, startDistributedPlatform, startEmbeddedPlatform };

/** Starts the platform in the way that the story is told about. */
export function startPlatform(mode: Mode, options: PlatformOptions = {}): Promise<Platform> {
  return mode === 'embedded' ? startEmbeddedPlatform(options) : startDistributedPlatform(options);
}
