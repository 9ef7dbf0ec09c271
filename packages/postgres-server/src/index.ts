export { clearLeftovers } from './data-folder.ts';
export { freePort, isPortFree } from './free-port.ts';
export { type PostgresServer, type PostgresServerOptions, startPostgresServer } from './postgres-server.ts';
export { PostgresServerError, type PostgresServerProblem } from './postgres-server-error.ts';
export { isSameProcess, processStartTime } from './process-identity.ts';
