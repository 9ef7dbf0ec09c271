import { type Logger, withDeadline } from '@souk/service-runtime';
import { MessagePostponedError, MessageRejectedError, SenderUnavailableError, type SmsSender } from './sender-port.ts';

/** Says in the log that an SMS would have gone out; the number is not for logs. */
export function createLogSmsSender(logger: Logger): SmsSender {
  return {
    async sendSms({ key, template, text }) {
      logger.info({ key, template, characters: text.length }, 'Handed over SMS to the log');
    },
  };
}

/** Posts each SMS to an HTTP endpoint; `Idempotency-Key` lets it tell a repeat. */
export function createWebhookSmsSender(options: { url: string; timeoutMs: number }): SmsSender {
  return {
    async sendSms({ key, template, recipient, text }, signal) {
      const post = (within: AbortSignal) =>
        fetch(options.url, {
          method: 'POST',
          headers: { 'content-type': 'application/json', 'idempotency-key': key },
          body: JSON.stringify({ id: key, to: recipient, text, template }),
          redirect: 'error',
          signal: within,
        });
      const response = await withDeadline({ timeoutMs: options.timeoutMs, stopping: signal }, post).catch(
        (cause: unknown) => {
          throw new SenderUnavailableError('The SMS provider does not answer', { cause });
        },
      );
      await response.body?.cancel();
      if (response.ok) return;
      throw toSenderError(response.status);
    },
  };
}

function toSenderError(status: number): Error {
  if (status === 429 || status === 408 || status === 409) {
    return new MessagePostponedError(`The SMS provider did not take the message yet: HTTP ${status}`);
  }
  if (status >= 500 || status === 401 || status === 403) {
    return new SenderUnavailableError(`The SMS provider does not take messages: HTTP ${status}`);
  }
  return new MessageRejectedError(`The SMS provider refused the message: HTTP ${status}`);
}
