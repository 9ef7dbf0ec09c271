import {
  booleanSetting,
  brokerSettings,
  commonSettings,
  databaseSettings,
  defineSettings,
  integerSetting,
  internalSecretSettings,
  portSetting,
  redisSettings,
  type SettingsOf,
  sagaSettings,
  tokenSettings,
} from '@souk/service-runtime';

const DAY_MS = 86_400_000;

export const settings = defineSettings({
  ...commonSettings,
  ...databaseSettings,
  ...brokerSettings,
  ...redisSettings,
  ...internalSecretSettings,
  jwtIssuer: tokenSettings.jwtIssuer,
  jwtAudience: tokenSettings.jwtAudience,
  port: portSetting(3001),
  sweepIntervalMs: sagaSettings.sweepIntervalMs,
  accessTokenTtlMs: integerSetting('ACCESS_TOKEN_TTL_MS', {
    default: 600_000,
    min: 1_000,
    max: DAY_MS,
    unit: 'ms',
    description: 'life of an access token',
  }),
  refreshTokenTtlMs: integerSetting('REFRESH_TOKEN_TTL_MS', {
    default: 30 * DAY_MS,
    min: 1_000,
    max: 365 * DAY_MS,
    unit: 'ms',
    description: 'life of an unused refresh token',
  }),
  sessionTtlMs: integerSetting('SESSION_TTL_MS', {
    default: 180 * DAY_MS,
    min: 1_000,
    max: 3_650 * DAY_MS,
    unit: 'ms',
    description: 'longest life of a session, however often it is refreshed',
  }),
  signingKeyRotationMs: integerSetting('SIGNING_KEY_ROTATION_MS', {
    default: 30 * DAY_MS,
    min: 10_000,
    max: 365 * DAY_MS,
    unit: 'ms',
    description: 'how long a key signs access tokens before the next one takes over',
  }),
  passwordResetTtlMs: integerSetting('PASSWORD_RESET_TTL_MS', {
    default: 3_600_000,
    min: 1_000,
    max: DAY_MS,
    unit: 'ms',
    description: 'life of the link in a mail that resets a password',
  }),
  trustedProxyHops: integerSetting('TRUSTED_PROXY_HOPS', {
    default: 0,
    min: 0,
    max: 10,
    description: 'how many proxies in front append to X-Forwarded-For, the gateway included',
  }),
  rateLimitEnabled: booleanSetting('RATE_LIMIT_ENABLED', { default: true, description: 'false turns every limit off' }),
  rateLimitLoginPerMinute: integerSetting('RATE_LIMIT_LOGIN_PER_MINUTE', {
    default: 10,
    min: 1,
    max: 1_000_000,
    unit: 'per minute',
    description: 'tries to log in, to register and to reset a password, each per account and per address',
  }),
});

export type Config = SettingsOf<typeof settings>;
