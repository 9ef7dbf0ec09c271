import {
  brokerSettings,
  commonSettings,
  databaseSettings,
  defineSettings,
  identitySettings,
  integerSetting,
  portSetting,
  type SettingsOf,
  secretSetting,
  stringSetting,
  urlSetting,
} from '@souk/service-runtime';

const ADDRESS = /^[^\s@<>"]+@[^\s@<>"]+$/;

export const settings = defineSettings({
  port: portSetting(3005),
  ...commonSettings,
  ...databaseSettings,
  ...brokerSettings,
  ...identitySettings,
  smtpUrl: secretSetting('SMTP_URL', {
    default: undefined,
    protocols: ['smtp', 'smtps'],
    description: 'the mail server, smtp://user:password@host:port; not needed with MAIL_DIRECTORY',
  }),
  mailDirectory: stringSetting('MAIL_DIRECTORY', {
    default: undefined,
    description: 'folder that gets each mail as a file instead of a mail server',
  }),
  mailFrom: stringSetting('MAIL_FROM', {
    default: 'Souk <no-reply@souk.example>',
    pattern: /^([^\r\n<>"]+ <[^\s@<>"]+@[^\s@<>"]+>|[^\s@<>"]+@[^\s@<>"]+)$/,
    expected: 'expected an address such as Souk <no-reply@souk.example>',
    description: 'sender of all mails',
  }),
  smsWebhookUrl: urlSetting('SMS_WEBHOOK_URL', {
    default: undefined,
    description: 'takes each SMS by POST; without it they are only logged',
  }),
  adminEmail: stringSetting('ADMIN_EMAIL', {
    default: undefined,
    pattern: ADDRESS,
    expected: 'expected an e-mail address',
    description: 'who is told of low stock; without it nobody is',
  }),
  publicUrl: urlSetting('PUBLIC_URL', {
    default: 'http://localhost:3000',
    description: 'where customers reach the shop; the start of all links in mails',
  }),
  sendTimeoutMs: integerSetting('NOTIFICATION_SEND_TIMEOUT_MS', {
    default: 10_000,
    min: 100,
    max: 120_000,
    unit: 'ms',
    description: 'longest wait for a mail or SMS provider',
  }),
  leaseMs: integerSetting('NOTIFICATION_LEASE_MS', {
    default: 5_000,
    min: 100,
    max: 60_000,
    unit: 'ms',
    description: 'time after which the messages of a dead process are taken over; renewed while one is being sent',
  }),
  pollIntervalMs: integerSetting('NOTIFICATION_POLL_INTERVAL_MS', {
    default: 500,
    min: 10,
    max: 60_000,
    unit: 'ms',
    description: 'how often due messages are looked for when nothing wakes the sender',
  }),
});

export type Config = SettingsOf<typeof settings>;
