/** A mail, ready to be handed over. */
export interface OutgoingMail {
  /** The same at every try: the event's id and the template. */
  key: string;
  template: string;
  recipient: string;
  subject: string;
  text: string;
  html: string;
}

/** Hands mails to a mail server, or to a folder. Rejects with one of the errors below. */
export interface MailSender {
  sendMail(mail: OutgoingMail): Promise<void>;
  close(): Promise<void>;
}

export interface OutgoingSms {
  /** The same at every try, for the provider to tell a repeat. */
  key: string;
  template: string;
  recipient: string;
  text: string;
}

export interface SmsSender {
  sendSms(sms: OutgoingSms, signal: AbortSignal): Promise<void>;
}

/** Nobody could take any message now: no connection, no answer, not let in. */
export class SenderUnavailableError extends Error {
  override readonly name = 'SenderUnavailableError';
}

/** This message was not taken now, but may be later (SMTP 4xx, HTTP 429). */
export class MessagePostponedError extends Error {
  override readonly name = 'MessagePostponedError';
}

/** This message will never be taken (SMTP 5xx: no such mailbox; HTTP 4xx). */
export class MessageRejectedError extends Error {
  override readonly name = 'MessageRejectedError';
}
