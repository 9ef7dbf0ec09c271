export { type Clock, newId, systemClock } from './clock.ts';
export { classifyDatabaseError, type DatabaseErrorClass, type DatabaseErrorKind } from './database/database-errors.ts';
export { type MigrateOptions, type Migration, migrate } from './database/migrate.ts';
export { MigrationError } from './database/migration-error.ts';
export {
  createPool,
  DATABASE_TIMEOUTS_MS,
  type Pool,
  type PoolClient,
  type PoolOptions,
  type Queryable,
} from './database/pool.ts';
export { queueDelayMs } from './database/pool-queue.ts';
export { type TransactionOptions, transaction } from './database/transaction.ts';
export {
  createHealth,
  type Health,
  type HealthCheck,
  HealthCheckError,
  type HealthControl,
  type Readiness,
} from './health.ts';
export {
  type NodeListener,
  type NodeServerOptions,
  type RunningNodeServer,
  startNodeServer,
} from './http-server.ts';
export { createLeasedWorker, type FinishedTask, type LeasedWorker, type LeasedWorkerOptions } from './leased-worker.ts';
export {
  type ContextOverrides,
  createServiceContext,
  type OwnedContext,
  type PlatformConfig,
} from './lifecycle/context.ts';
export { runService } from './lifecycle/run-service.ts';
export type {
  HttpEntry,
  RequestListener,
  RunningService,
  ServiceApp,
  ServiceContext,
  ServiceDefinition,
  ServiceNeeds,
} from './lifecycle/service.ts';
export { type StartOptions, startService } from './lifecycle/start-service.ts';
export { createLogger, type Logger, type LoggerOptions, lineWriterOf } from './logger.ts';
export {
  type Counter,
  createMetrics,
  DURATION_BUCKETS_SECONDS,
  type Gauge,
  type GaugeOptions,
  type Histogram,
  type HistogramOptions,
  type Metrics,
  type Registry,
} from './metrics.ts';
export { redactText } from './redaction.ts';
export {
  describeSettings,
  type Environment,
  type LoadedSettings,
  loadSettings,
  maskSettings,
  type SettingRow,
} from './settings/load-settings.ts';
export {
  brokerSettings,
  commonSettings,
  databaseSettings,
  identitySettings,
  internalSecretSettings,
  redisSettings,
  sagaSettings,
  serviceUrlSettings,
  tokenSettings,
} from './settings/platform-settings.ts';
export {
  booleanSetting,
  defineSettings,
  enumSetting,
  integerSetting,
  listSetting,
  type ParsedSetting,
  portSetting,
  type Setting,
  type SettingKind,
  type Settings,
  type SettingsOf,
  secretSetting,
  stringSetting,
  urlSetting,
} from './settings/setting.ts';
export { createSweep, type Sweep, type SweepOptions } from './sweep.ts';
export {
  type ConsumerSpan,
  type SpanKindName,
  type SpanOptions,
  startTracing,
  type Tracing,
  withConsumerSpans,
  withSpan,
} from './trace/spans.ts';
export {
  childTraceparent,
  currentTraceparent,
  formatTraceparent,
  newTraceparent,
  parseTraceparent,
  runWithTraceparent,
  runWithTraceparents,
  type Traceparent,
} from './trace/traceparent.ts';
export { type CallDeadline, withDeadline } from './with-deadline.ts';
export type { Worker } from './worker.ts';
