import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { findRuntimeModules } from './runtime-modules.mjs';
import { ROOT } from './workspace.mjs';

const namesFor = (...workspaces: string[]) =>
  findRuntimeModules(workspaces).map((folder: string) => folder.split('node_modules/').at(-1));

describe('What services load when they run', () => {
  it('has the packages of a service, those of the workspaces it uses, and their own', () => {
    const names = namesFor('services/order-service');
    // named by the service; by a workspace that it uses; by a package that this one uses
    expect(names).toEqual(
      expect.arrayContaining(['@prisma/client', '@souk/messaging', 'amqplib', 'pg', 'pg-protocol']),
    );
  });

  it('has nothing that only builds, tests or is offered to whoever wants it', () => {
    const names = namesFor('services/order-service', 'services/user-service');
    for (const tool of ['vitest', 'typescript', 'prisma', 'nx', 'esbuild', '@souk/testing', 'cdk8s'])
      expect(names).not.toContain(tool);
  });

  it('has the native part of a package, which is an optional one for each kind of machine', () => {
    expect(namesFor('services/user-service').some((name) => name?.startsWith('@node-rs/argon2-'))).toBe(true);
    expect(namesFor('services/order-service')).not.toContain('@node-rs/argon2');
  });

  it('finds every package where Node would', () => {
    for (const folder of findRuntimeModules(['services/api-gateway']))
      expect(folder.startsWith(join(ROOT, ''))).toBe(true);
  });
});
