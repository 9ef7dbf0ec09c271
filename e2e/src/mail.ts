import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { simpleParser } from 'mailparser';

export interface Mail {
  to: string;
  from: string;
  subject: string;
  /** The header X-Souk-Template. */
  template: string;
  messageId: string;
  text: string;
  html: string;
  at: Date;
}

/** Reads one message as it goes over the wire. */
export async function parseMail(source: Buffer, at: Date): Promise<Mail> {
  const parsed = await simpleParser(source);
  const recipients = [parsed.to ?? []].flat();
  const template = parsed.headers.get('x-souk-template');
  return {
    to: recipients.map(({ text }) => text).join(', '),
    from: parsed.from?.text ?? '',
    subject: parsed.subject ?? '',
    template: typeof template === 'string' ? template : '',
    messageId: parsed.messageId ?? '',
    text: parsed.text ?? '',
    html: typeof parsed.html === 'string' ? parsed.html : '',
    at,
  };
}

/** The mails that notification-service has put into a folder, oldest first. */
export async function readMailFolder(folder: string): Promise<Mail[]> {
  if (!existsSync(folder)) return [];
  const files = readdirSync(folder).filter((name) => name.endsWith('.eml'));
  const mails = await Promise.all(
    files.map((name) => parseMail(readFileSync(join(folder, name)), statSync(join(folder, name)).mtime)),
  );
  return mails.sort((a, b) => a.at.getTime() - b.at.getTime());
}
