import {
  brokerSettings,
  commonSettings,
  databaseSettings,
  defineSettings,
  identitySettings,
  integerSetting,
  portSetting,
  redisSettings,
  type SettingsOf,
  sagaSettings,
  stringSetting,
} from '@souk/service-runtime';

export const PRODUCT_SERVICE = 'product-service';

export const settings = defineSettings({
  ...commonSettings,
  ...databaseSettings,
  ...brokerSettings,
  ...redisSettings,
  ...identitySettings,
  ...sagaSettings,
  port: portSetting(8000),
  currency: stringSetting('CURRENCY', {
    default: 'EUR',
    pattern: /^[A-Z]{3}$/,
    description: "the shop's only currency, an ISO 4217 code",
  }),
  lowStockThreshold: integerSetting('LOW_STOCK_THRESHOLD', {
    default: 5,
    min: 0,
    max: 1_000_000,
    unit: 'pieces',
    description: 'inventory.low_stock is told when what is available falls to this or below',
  }),
  reservationTtlMs: integerSetting('RESERVATION_TTL_MS', {
    default: 900_000,
    min: 1_000,
    max: 86_400_000,
    unit: 'ms',
    description: 'how long stock is held for an order before the order is asked to decide',
  }),
});

export type Config = SettingsOf<typeof settings>;

/** Limits that nobody needs to tune. */
export const LIMITS = {
  /** Lines of one reservation. */
  reservationLinesMax: 100,
  /** Pieces of one product on one line. */
  lineQuantityMax: 99,
  /** Ids of one list in a settle request. */
  settleIdsMax: 1_000,
  /** Ids in GET /internal/products. */
  internalProductsMax: 100,
  /** Pieces on hand that an administrator may state. */
  stockMax: 1_000_000_000,
  /** Expired reservations told of in one statement. */
  expiryBatchMax: 200,
  /** Words of a search that count; the rest is ignored. */
  searchWordsMax: 8,
  /** What the lists show of `available` may be this old (the contract allows 2 s). */
  availableLagMs: 1_500,
  /** Pages kept in this process, and in the key-value store for all replicas. */
  pagesMax: 2_000,
  pageBytesMax: 24 * 1024 * 1024,
  pageTtlMs: 60_000,
  /** A lost announcement of a change is noticed after this long. */
  generationCheckMs: 1_000,
  /** A key-value store that did not answer is left alone for this long. */
  storePauseMs: 1_000,
  /** How long a walk through pages goes on as the list was when it began. */
  walkMs: 24 * 3_600_000,
} as const;
