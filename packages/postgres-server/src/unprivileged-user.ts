import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { PostgresServerError } from './postgres-server-error.ts';

/** Whom PostgreSQL runs as. Empty: as ourselves. */
export interface RunAs {
  uid?: number;
  gid?: number;
  /** A command that PostgreSQL's own is appended to. */
  prefix: string[];
}

function findUser(name: string): { uid: number; gid: number } | undefined {
  const line = readFileSync('/etc/passwd', 'utf8')
    .split('\n')
    .find((entry) => entry.startsWith(`${name}:`));
  const [, , uid, gid] = line?.split(':') ?? [];
  return uid === undefined || gid === undefined ? undefined : { uid: Number(uid), gid: Number(gid) };
}

function createUser(name: string): void {
  const nologin = ['--system', '--no-create-home', '--shell', '/usr/sbin/nologin'];
  const made = spawnSync('useradd', [...nologin, '--user-group', name], { stdio: 'ignore' });
  if (made.status !== 0) spawnSync('adduser', ['-S', '-D', '-H', name], { stdio: 'ignore' }); // Alpine's
}

/** Whether the user may run the program and reach what lies in the folder. */
function canReach(
  { program, folder }: { program: string; folder: string },
  user: { uid: number; gid: number },
): boolean {
  const options = { ...user, cwd: '/', stdio: 'ignore' } as const;
  return (
    spawnSync(program, ['--version'], options).status === 0 &&
    spawnSync('/bin/sh', ['-c', 'test -x "$1"', 'sh', folder], options).status === 0
  );
}

/**
 * PostgreSQL refuses to run as root, so root runs it as the user `postgres`, made where there is none. A workspace below
 * /root is closed to that user: then it keeps the one capability to search closed folders, and nothing else of root.
 */
export function chooseRunAs(needs: { program: string; folder: string }, report: (line: string) => void): RunAs {
  if (process.getuid?.() !== 0) return { prefix: [] };
  if (findUser('postgres') === undefined) {
    report('PostgreSQL does not run as root: adding the system user "postgres"');
    createUser('postgres');
  }
  const user = findUser('postgres') ?? findUser('nobody');
  if (user !== undefined && canReach(needs, user)) return { ...user, prefix: [] };
  if (user !== undefined) {
    const prefix = [
      'setpriv',
      // access(2), by which initdb looks for its own program, asks without any capability otherwise.
      '--securebits=+no_setuid_fixup',
      '--no-new-privs',
      `--reuid=${user.uid}`,
      `--regid=${user.gid}`,
      '--clear-groups',
      '--inh-caps=+dac_read_search',
      '--ambient-caps=+dac_read_search',
      '--',
    ];
    const [command = '', ...rest] = prefix;
    if (spawnSync(command, [...rest, needs.program, '--version'], { stdio: 'ignore' }).status === 0)
      return { prefix, ...user };
  }
  throw new PostgresServerError(
    'no-unprivileged-user',
    'PostgreSQL does not run as root and no other user of this machine can read this folder: run as a normal user, or from a folder that all may read.',
  );
}
