import type { Clock } from '@souk/service-runtime';
import { createTransport } from 'nodemailer';
import { addressOf, toMimeMessage } from './mime-message.ts';
import { type MailSender, MessagePostponedError, MessageRejectedError, SenderUnavailableError } from './sender-port.ts';

export interface SmtpOptions {
  url: string;
  from: string;
  timeoutMs: number;
  connectionsMax: number;
  clock: Clock;
}

/** Hands mails to a mail server over a few connections that stay open. */
export function createSmtpMailSender(options: SmtpOptions): MailSender {
  const transport = createTransport({
    url: options.url,
    pool: true,
    maxConnections: options.connectionsMax,
    maxMessages: Number.POSITIVE_INFINITY,
    connectionTimeout: Math.min(options.timeoutMs, 3_000),
    greetingTimeout: options.timeoutMs,
    socketTimeout: options.timeoutMs,
    // A message is bytes that we made; nothing in it may name a file or an address to fetch.
    disableFileAccess: true,
    disableUrlAccess: true,
  });
  return {
    async sendMail(mail) {
      try {
        await transport.sendMail({
          envelope: { from: addressOf(options.from), to: [mail.recipient], use8BitMime: true },
          raw: toMimeMessage(mail, { from: options.from, date: options.clock.now() }),
        });
      } catch (error) {
        throw toSenderError(error);
      }
    },
    close: async () => transport.close(),
  };
}

/** RFC 5321 section 4.2.1: 4xx to be tried again, 5xx for good, if it was said of this message. */
function toSenderError(cause: unknown): Error {
  const error = cause as { responseCode?: number; code?: string; command?: string };
  const ofMessage = error.code === 'EENVELOPE' || error.code === 'EMESSAGE';
  const { responseCode } = error;
  if (responseCode === undefined || responseCode === 421 || !ofMessage || isAboutUs(error)) {
    const reason = responseCode === undefined ? (error.code ?? 'no answer') : `SMTP ${responseCode}`;
    return new SenderUnavailableError(`The mail server does not take mails: ${reason}`, { cause });
  }
  return responseCode >= 500
    ? new MessageRejectedError(`The mail server refused the message: SMTP ${responseCode}`, { cause })
    : new MessagePostponedError(`The mail server did not take the message yet: SMTP ${responseCode}`, { cause });
}

/** A refused sender (MAIL FROM) or a demand for authentication (530) says nothing of the message. */
function isAboutUs({ command, responseCode }: { command?: string; responseCode?: number }): boolean {
  return command === 'MAIL FROM' || responseCode === 530 || responseCode === 535;
}
