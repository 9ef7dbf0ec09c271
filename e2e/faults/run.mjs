// `npm run test:faults -- [--seed n] [--faults all|<part of a name>] [--pairs n] [--duration ms] [--report file] [--whole] [file …]`
import { spawn } from 'node:child_process';
import { parseArgs } from 'node:util';

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    seed: { type: 'string' },
    faults: { type: 'string' },
    pairs: { type: 'string' },
    duration: { type: 'string' },
    report: { type: 'string' },
    whole: { type: 'boolean' },
  },
});

const root = new URL('../..', import.meta.url);
const env = { ...process.env };
for (const [name, variable] of [
  ['seed', 'SOUK_FAULT_SEED'],
  ['faults', 'SOUK_FAULTS'],
  ['pairs', 'SOUK_FAULT_PAIRS'],
  ['duration', 'SOUK_FAULT_DURATION_MS'],
  ['report', 'SOUK_FAULT_REPORT'],
  ['whole', 'SOUK_FAULT_WHOLE'],
]) {
  if (values[name] !== undefined) env[variable] = String(values[name]);
}
// With options it is a campaign, which only concerns the faults under load.
const files = positionals.length > 0 ? positionals : Object.keys(values).length > 0 ? ['faults.e2e'] : [];
const child = spawn(process.execPath, ['tools/vitest.mjs', 'e2e', 'e2e/faults', ...files], {
  cwd: root,
  env,
  stdio: 'inherit',
});
child.on('exit', (code) => process.exit(code ?? 1));
