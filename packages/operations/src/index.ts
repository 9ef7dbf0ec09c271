export { runDeadLetters } from './dead-letters/dead-letters-command.ts';
export type { Discrepancy } from './reconcile/discrepancy.ts';
export { CHECKS, type CheckResult, type ReconcileOptions, reconcile } from './reconcile/reconcile.ts';
export { runReconcile, toReport } from './reconcile/reconcile-command.ts';
export {
  DATABASE_NAMES,
  type DatabaseName,
  DatabaseUnreachableError,
  type DatabaseUrls,
  openShopDatabases,
  type ShopDatabases,
} from './reconcile/shop-databases.ts';
export type { Terminal } from './terminal.ts';
