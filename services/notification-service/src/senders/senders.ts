import { resolve } from 'node:path';
import type { ServiceContext } from '@souk/service-runtime';
import type { Config } from '../config.ts';
import { createFolderMailSender } from './folder-mail-sender.ts';
import type { MailSender, SmsSender } from './sender-port.ts';
import { createLogSmsSender, createWebhookSmsSender } from './sms-senders.ts';
import { createSmtpMailSender } from './smtp-mail-sender.ts';

/** SMTP needs few connections; a mail server limits them anyway. */
const SMTP_CONNECTIONS_MAX = 4;

/** Neither a mail server nor a folder was named. */
export class MailSenderMissingError extends Error {
  override readonly name = 'MailSenderMissingError';
  constructor() {
    super('SMTP_URL is missing: name the mail server, or a folder by MAIL_DIRECTORY');
  }
}

/** A folder where MAIL_DIRECTORY names one (the embedded run), else the mail server. */
export function createMailSender({ config, clock }: Pick<ServiceContext<Config>, 'config' | 'clock'>): MailSender {
  const { mailDirectory, smtpUrl, mailFrom: from, sendTimeoutMs: timeoutMs } = config;
  if (mailDirectory !== undefined) return createFolderMailSender({ directory: resolve(mailDirectory), from, clock });
  if (smtpUrl === undefined) throw new MailSenderMissingError();
  return createSmtpMailSender({ url: smtpUrl, from, timeoutMs, connectionsMax: SMTP_CONNECTIONS_MAX, clock });
}

/** The webhook where SMS_WEBHOOK_URL names one, else the log. */
export function createSmsSender({ config, logger }: Pick<ServiceContext<Config>, 'config' | 'logger'>): SmsSender {
  const { smsWebhookUrl: url, sendTimeoutMs: timeoutMs } = config;
  return url === undefined ? createLogSmsSender(logger) : createWebhookSmsSender({ url, timeoutMs });
}
