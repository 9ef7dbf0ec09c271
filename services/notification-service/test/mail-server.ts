import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { type ParsedMail, simpleParser } from 'mailparser';
import { SMTPServer } from 'smtp-server';

export interface ReceivedMail {
  from: string;
  to: string[];
  raw: string;
  parsed: ParsedMail;
}

/** A real SMTP server in the test's process that keeps what it takes. */
export interface MailServer {
  url: string;
  received: ReceivedMail[];
  /** Answers the next messages with these codes instead of taking them. */
  refuse(codes: { recipient?: number[]; message?: number[] }): void;
  stop(): Promise<void>;
}

class SmtpAnswer extends Error {
  override readonly name = 'SmtpAnswer';
  readonly responseCode: number;
  constructor(responseCode: number) {
    super('refused by the test');
    this.responseCode = responseCode;
  }
}

export async function startMailServer(port = 0): Promise<MailServer> {
  const received: ReceivedMail[] = [];
  const refusals: { recipient: number[]; message: number[] } = { recipient: [], message: [] };
  const server = new SMTPServer({
    authOptional: true,
    closeTimeout: 100,
    disabledCommands: ['STARTTLS'],
    onRcptTo(_address, _session, callback) {
      const code = refusals.recipient.shift();
      callback(code === undefined ? null : new SmtpAnswer(code));
    },
    onData(stream, session, callback) {
      const chunks: Buffer[] = [];
      stream.on('data', (chunk: Buffer) => chunks.push(chunk));
      stream.on('end', () => {
        const code = refusals.message.shift();
        if (code !== undefined) return callback(new SmtpAnswer(code));
        const raw = Buffer.concat(chunks);
        void simpleParser(raw).then((parsed) => {
          const from = session.envelope.mailFrom;
          received.push({
            from: from === false ? '' : from.address,
            to: session.envelope.rcptTo.map(({ address }) => address),
            raw: raw.toString(),
            parsed,
          });
          callback();
        });
      });
    },
  });
  server.on('error', () => {}); // a client that goes away in mid-sentence
  server.listen(port, '127.0.0.1');
  await once(server.server, 'listening');
  return {
    url: `smtp://127.0.0.1:${(server.server.address() as AddressInfo).port}`,
    received,
    refuse: ({ recipient = [], message = [] }) => {
      refusals.recipient.push(...recipient);
      refusals.message.push(...message);
    },
    stop: () => new Promise((resolve) => server.close(() => resolve())),
  };
}
