export { type FixedClock, fixedClock } from './fixed-clock.ts';
export { type BreakableServers, startBreakableServers } from './servers/breakable-servers.ts';
export { silentLogger } from './silent-logger.ts';
export {
  startTestService,
  TEST_INTERNAL_SECRET,
  type TestContext,
  type TestContextOptions,
  type TestService,
  TestSettingsError,
  testContext,
} from './test-context.ts';
export { ConnectionLeakError, createTestDatabase, type TestDatabase, type TestMigration } from './test-database.ts';
export {
  issueServiceToken,
  type ServiceTokenOptions,
  startTestIdentity,
  type TestIdentity,
  type TestTokenClaims,
} from './test-identity.ts';
export { testAmqpUrl, testPostgresUrl, testRedisUrl } from './test-servers.ts';
export { type WaitOptions, WaitTimeoutError, waitFor } from './wait-for.ts';
