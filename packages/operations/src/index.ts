export { runDeadLetters } from './dead-letters/dead-letters-command.ts';
export type { Discrepancy } from './reconcile/discrepancy.ts';
export { CHECKS, type CheckResult, type ReconcileOptions, reconcile } from './reconcile/reconcile.ts';
export { runReconcile, toReport } from './reconcile/reconcile-command.ts';
export { type BrokerAddress, openShopBroker, type ShopBroker } from './reconcile/shop-broker.ts';
export {
  DATABASE_NAMES,
  type DatabaseName,
  DatabaseUnreachableError,
  type DatabaseUrls,
  openShopDatabases,
  type ShopDatabases,
} from './reconcile/shop-databases.ts';
export { openStripeBooks, type ProviderBooks } from './reconcile/stripe-books.ts';
export type { Terminal } from './terminal.ts';
