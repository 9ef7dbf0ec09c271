import { describe, expect, it } from 'vitest';
import { createLogger } from './logger.ts';
import { redactFields, redactText } from './redaction.ts';

function logged(fields: object, message: string): string {
  const lines: string[] = [];
  const destination = { write: (line: string) => void lines.push(line) };
  createLogger({ service: 'test-service', level: 'info', format: 'json', destination }).info(fields, message);
  return lines.join('');
}

const JWT = 'eyJhbGciOiJFZERTQSIsInR5cCI6ImF0K2p3dCJ9.eyJzdWIiOiIxMjM0In0.c2lnbmF0dXJl-_x';
const REFRESH_TOKEN = 'Zm9vYmFyYmF6cXV4Zm9vYmFyYmF6cXV4MTIzNDU2Nzg';

describe('a log line', () => {
  it('is JSON with time, level, service and message', () => {
    expect(JSON.parse(logged({ orderId: 'a' }, 'Placed order'))).toEqual({
      level: 'info',
      time: expect.stringMatching(/^\d{4}-\d\d-\d\dT.*Z$/),
      service: 'test-service',
      orderId: 'a',
      message: 'Placed order',
    });
  });

  it.each([
    [{ password: 'canary' }],
    [{ body: { newPassword: 'canary', deep: { refreshToken: 'canary' } } }],
    [{ headers: { authorization: 'canary' } }],
    [{ items: [{ paymentMethod: 'canary' }] }],
    [{ text: `token=${JWT.replace('c2lnbmF0dXJl', 'canary')}` }],
    [{ text: 'Authorization: Bearer canary-canary' }],
    [{ url: 'amqp://guest:canary@broker:5672' }],
    [{ error: Object.assign(new TypeError('duplicate key'), { detail: 'Key (email)=(canary) already exists.' }) }],
    [{ error: new TypeError('connect to postgres://app:canary@db failed') }],
  ])('hides the secret in %j', (fields) => {
    expect(logged(fields, 'Something happened')).not.toContain('canary');
  });

  it('hides tokens and card numbers that stand in a message', () => {
    const line = logged({}, `got ${JWT} and ${REFRESH_TOKEN} and 4242 4242 4242 4242 and 4111111111111111`);
    expect(line).toContain('got [redacted] and [redacted] and [redacted] and [redacted]');
  });

  it('keeps ids, times, checksums and amounts', () => {
    const text =
      '{"id":"0198f1c2-7a3b-7c4d-8e5f-0123456789ab","at":1764000000000,"time":"2026-11-22T12:00:00.000Z","amount":4999,"sha":"e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"}';
    expect(redactText(text)).toBe(text);
    expect(redactText('inventory-reservation-expired-consumer-name')).toBe(
      'inventory-reservation-expired-consumer-name',
    );
    expect(redactText('6011 0009 9013 9425')).toBe('6011 0009 9013 9425');
  });
});

describe('redacted fields', () => {
  it('are a copy, and the same object where there is nothing to hide', () => {
    const clean = { a: { b: [1, 2] } };
    expect(redactFields(clean)).toBe(clean);
    const fields = { user: { email: 'a@b.example', id: 1 } };
    expect(redactFields(fields)).toEqual({ user: { email: '[redacted]', id: 1 } });
    expect(fields.user.email).toBe('a@b.example');
  });

  it('leave missing values and foreign objects alone', () => {
    const date = new Date(0);
    expect(redactFields({ token: null, at: date, map: new Map() })).toEqual({ token: null, at: date, map: new Map() });
  });
});
