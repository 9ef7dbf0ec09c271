import { spawnSync } from 'node:child_process';
import { findProgram } from './server.ts';

// Debian starts what it installs, and again at each start of the machine. policy-rc.d (exit code 101: not allowed)
// forbids the first, disabling the second. What the machine had there before is put back, however this ends.
const INSTALL = `
set -e
policy=/usr/sbin/policy-rc.d
restore() { rm -f "$policy"; if [ -e "$policy.souk" ]; then mv "$policy.souk" "$policy"; fi; }
trap restore EXIT
trap 'exit 130' INT TERM HUP
if [ -e "$policy" ]; then mv "$policy" "$policy.souk"; fi
printf '#!/bin/sh\\nexit 101\\n' > "$policy"
chmod 755 "$policy"
export DEBIAN_FRONTEND=noninteractive
apt-get -q -o DPkg::Lock::Timeout=120 update || true
apt-get -q -y -o DPkg::Lock::Timeout=120 install --no-install-recommends "$@"
for service in rabbitmq-server redis-server epmd.socket epmd; do
  systemctl disable "$service" >/dev/null 2>&1 || update-rc.d "$service" disable >/dev/null 2>&1 || true
done
`;

/** How apt may be run without asking anybody for a password; undefined when it may not. */
export function aptPrefix(): string[] | undefined {
  if (findProgram('apt-get') === undefined) return undefined;
  if (process.getuid?.() === 0) return [];
  if (findProgram('sudo') === undefined) return undefined;
  const allowed = spawnSync('sudo', ['-n', 'true'], { stdio: 'ignore' }).status === 0;
  return allowed ? ['sudo', '-n'] : undefined;
}

/** Installs Debian packages whose services are not to run; answers the error's text when that failed. */
export function aptInstall(packages: string[], report: (line: string) => void): string | undefined {
  const prefix = aptPrefix();
  if (prefix === undefined) return 'apt may not be used: neither root nor sudo without a password';
  report(`Installing ${packages.join(' and ')} with apt (nothing is started, nothing is enabled)`);
  const [command = '', ...args] = [...prefix, '/bin/sh', '-c', INSTALL, 'souk-apt', ...packages];
  const result = spawnSync(command, args, { encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'] });
  if (result.status === 0) return undefined;
  return `apt failed: ${`${result.stdout}${result.stderr}`.trim().split('\n').slice(-3).join(' ')}`;
}
