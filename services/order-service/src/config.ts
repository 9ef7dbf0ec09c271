import {
  brokerSettings,
  commonSettings,
  databaseSettings,
  defineSettings,
  identitySettings,
  integerSetting,
  portSetting,
  type SettingsOf,
  sagaSettings,
  serviceUrlSettings,
  stringSetting,
} from '@souk/service-runtime';

/** Every setting of order-service; limits that nobody tunes stand beside the code they bound. */
export const settings = defineSettings({
  port: portSetting(3003),
  ...commonSettings,
  ...databaseSettings,
  ...brokerSettings,
  ...identitySettings,
  productServiceUrl: serviceUrlSettings.productServiceUrl,
  ...sagaSettings,
  currency: stringSetting('CURRENCY', {
    default: 'EUR',
    pattern: /^[A-Z]{3}$/,
    expected: 'expected an ISO 4217 code such as EUR',
    description: 'currency of the total of an empty cart; prices come from product-service',
  }),
  streamsPerUserMax: integerSetting('TIMELINE_STREAMS_PER_USER_MAX', {
    default: 5,
    min: 1,
    max: 100,
    unit: 'streams',
    description: 'most timelines that a user may follow at once',
  }),
  streamDurationMaxMs: integerSetting('TIMELINE_STREAM_DURATION_MAX_MS', {
    default: 900_000,
    min: 1_000,
    max: 3_600_000,
    unit: 'ms',
    description: 'longest life of one timeline stream; the client reconnects',
  }),
});

export type Config = SettingsOf<typeof settings>;
