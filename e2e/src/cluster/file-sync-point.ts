import { readFileSync } from 'node:fs';
import { waitFor } from '@souk/testing';
import { expectThat, type Point } from '../deployed/checklist.ts';
import { ROOT, run } from '../deployed/program.ts';
import { kubectl, podsOf } from './kubectl.ts';

const PATH = 'services/order-service/src/main.ts';
const MARK = 'A synced file runs';

/** A tar stream with one changed source, as Skaffold sends it. */
async function changedFile(): Promise<Buffer> {
  const script = `
    const { mkdtempSync, mkdirSync, writeFileSync, rmSync } = require('node:fs');
    const { execFileSync } = require('node:child_process');
    const folder = mkdtempSync(require('node:os').tmpdir() + '/souk-sync-');
    const [path, text] = process.argv.slice(1);
    mkdirSync(folder + '/' + require('node:path').dirname(path), { recursive: true });
    writeFileSync(folder + '/' + path, text);
    process.stdout.write(execFileSync('tar', ['-C', folder, '-cf', '-', path]).toString('base64'));
    rmSync(folder, { recursive: true });`;
  const text = `${readFileSync(`${ROOT}${PATH}`, 'utf8')}\nconsole.log(${JSON.stringify(MARK)});\n`;
  return Buffer.from(await run(process.execPath, ['-e', script, `app/${PATH}`, text]), 'base64');
}

/** Only the development image has the sources, tar and a writable root. */
export const fileSyncPoint: Point = {
  title: 'A changed source is copied into the running container and runs, without a restart of the pod',
  check: async () => {
    const [pod] = await podsOf('order-service');
    expectThat(pod !== undefined, 'order-service has no pod');
    const input = await changedFile();
    const startedAt = performance.now();
    // The command that Skaffold runs.
    await kubectl(
      ['exec', pod.name, '-c', 'order-service', '-i', '--', 'tar', 'xmf', '-', '-C', '/', '--no-same-owner'],
      {
        input,
      },
    );
    await waitFor(async () => (await kubectl(['logs', pod.name])).includes(MARK), {
      timeoutMs: 60_000,
      everyMs: 500,
      what: 'The changed source',
    });
    const seconds = ((performance.now() - startedAt) / 1_000).toFixed(1);
    await kubectl(['wait', `pod/${pod.name}`, '--for=condition=Ready', '--timeout=60s']);
    expectThat((await podsOf('order-service'))[0]?.restarts === 0, 'the pod restarted');
    return `${seconds} s`;
  },
};
