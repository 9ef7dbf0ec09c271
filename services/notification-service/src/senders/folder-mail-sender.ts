import { mkdir, rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Clock } from '@souk/service-runtime';
import { toMimeMessage } from './mime-message.ts';
import { type MailSender, SenderUnavailableError } from './sender-port.ts';

/** Writes each mail as a file, `<event id>-<template>.eml`, renamed into place so that nobody reads half of one. */
export function createFolderMailSender(options: { directory: string; from: string; clock: Clock }): MailSender {
  const { directory } = options;
  return {
    async sendMail(mail) {
      const message = toMimeMessage(mail, { from: options.from, date: options.clock.now() });
      const temporary = join(directory, `.${mail.key}.tmp`);
      try {
        await write(directory, temporary, message);
        await rename(temporary, join(directory, `${mail.key}.eml`));
      } catch (error) {
        throw new SenderUnavailableError('The mail could not be written to its folder', { cause: error });
      }
    },
    close: async () => {},
  };
}

async function write(directory: string, path: string, message: Buffer): Promise<void> {
  try {
    await writeFile(path, message);
  } catch (error) {
    if (!(error instanceof Error && 'code' in error && error.code === 'ENOENT')) throw error;
    await mkdir(directory, { recursive: true });
    await writeFile(path, message);
  }
}
