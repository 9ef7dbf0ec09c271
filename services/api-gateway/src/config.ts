import {
  booleanSetting,
  commonSettings,
  defineSettings,
  integerSetting,
  listSetting,
  portSetting,
  redisSettings,
  type SettingsOf,
  serviceUrlSettings,
  tokenSettings,
} from '@souk/service-runtime';

export const gatewaySettings = defineSettings({
  port: portSetting(3000),
  opsPort: portSetting(9464, 'OPS_PORT'),
  ...commonSettings,
  ...redisSettings,
  ...serviceUrlSettings,
  ...tokenSettings,
  rateLimitEnabled: booleanSetting('RATE_LIMIT_ENABLED', {
    default: true,
    description: 'false turns every rate limit off',
  }),
  rateLimitPerMinute: integerSetting('RATE_LIMIT_PER_MINUTE', {
    default: 600,
    min: 1,
    max: 10_000_000,
    unit: 'per minute',
    description: 'most requests of one user, or of one address where nobody is signed in',
  }),
  trustedProxyHops: integerSetting('TRUSTED_PROXY_HOPS', {
    default: 0,
    min: 0,
    max: 10,
    unit: 'hops',
    description: 'proxies in front that append the address they saw to X-Forwarded-For',
  }),
  corsOrigins: listSetting('CORS_ORIGINS', {
    items: 'strings',
    default: [],
    description: 'origins whose pages may call the API, such as https://shop.example, separated by commas',
  }),
});

export type GatewayConfig = SettingsOf<typeof gatewaySettings>;
