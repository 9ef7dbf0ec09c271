import { mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fixedClock } from '@souk/testing';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { createFolderMailSender } from './folder-mail-sender.ts';
import { SenderUnavailableError } from './sender-port.ts';

let root: string;
beforeAll(async () => {
  root = await mkdtemp(join(tmpdir(), 'souk-folder-'));
});
afterAll(() => rm(root, { recursive: true, force: true }));

const MAIL = { key: 'e-welcome', template: 'welcome', recipient: 'a@b.example', subject: 's', text: 't', html: '<p>' };
const senderTo = (directory: string) =>
  createFolderMailSender({ directory, from: 'shop@souk.example', clock: fixedClock() });

test('makes its folder, writes the file once however often it is asked, and leaves nothing else', async () => {
  const directory = join(root, 'new', 'mail');
  await senderTo(directory).sendMail(MAIL);
  await senderTo(directory).sendMail(MAIL);
  expect(await readdir(directory)).toEqual(['e-welcome.eml']);
});

test('a folder that cannot be written is an outage, not the fault of the mail', async () => {
  const file = join(root, 'a-file');
  await writeFile(file, '');
  await expect(senderTo(file).sendMail(MAIL)).rejects.toThrow(SenderUnavailableError);
});
