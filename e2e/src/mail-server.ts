import type { AddressInfo } from 'node:net';
import { SMTPServer } from 'smtp-server';
import { type Mail, parseMail } from './mail.ts';

export interface MailServer {
  /** For SMTP_URL. */
  url: string;
  mails(): Mail[];
  stop(): Promise<void>;
}

async function readAll(stream: NodeJS.ReadableStream): Promise<Buffer> {
  const chunks: Buffer[] = [];
  for await (const chunk of stream) chunks.push(Buffer.from(chunk));
  return Buffer.concat(chunks);
}

/** A mail server that keeps what it is given. */
export async function startMailServer(): Promise<MailServer> {
  const mails: Mail[] = [];
  const server = new SMTPServer({
    authOptional: true,
    disabledCommands: ['STARTTLS', 'AUTH'],
    onData(stream, _session, done) {
      readAll(stream)
        .then((source) => parseMail(source, new Date()))
        .then((mail) => {
          mails.push(mail);
          done();
        }, done);
    },
  });
  server.on('error', () => {}); // a client that was killed in the middle
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', () => resolve()));
  return {
    url: `smtp://127.0.0.1:${(server.server.address() as AddressInfo).port}`,
    mails: () => [...mails],
    stop: () => new Promise<void>((resolve) => server.close(() => resolve())),
  };
}
