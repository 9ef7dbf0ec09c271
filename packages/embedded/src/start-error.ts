/** The platform cannot start; the message is one line for the person who started it. */
export class StartError extends Error {
  constructor(message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = 'StartError';
  }
}

function codeOf(error: unknown): string {
  return error instanceof Error && 'code' in error ? String(error.code) : '';
}

function portOf(error: unknown): string {
  return error instanceof Error && 'port' in error ? String(error.port) : 'needed';
}

/** One line for whatever kept the platform from starting. */
export function explainStart(error: unknown, folder: string): string {
  if (error instanceof AggregateError && error.errors.length > 0) return explainStart(error.errors[0], folder);
  const code = codeOf(error);
  // 53100: PostgreSQL's own "disk full"
  if (code === 'ENOSPC' || code === '53100') return `The disk that holds ${folder} is full.`;
  if (code === 'EDQUOT') return `The disk quota for ${folder} is used up.`;
  // Node reports a recursive mkdir on a read-only file system as ENOENT.
  const isMakingFolder = error instanceof Error && 'syscall' in error && error.syscall === 'mkdir';
  if (['EROFS', 'EACCES', 'EPERM', 'ENOTDIR'].includes(code) || (code === 'ENOENT' && isMakingFolder)) {
    return `The folder ${folder} cannot be written; SOUK_DATA_DIRECTORY names another one.`;
  }
  if (code === 'EADDRINUSE') return portInUse(portOf(error));
  return error instanceof Error ? (error.message.split('\n')[0] ?? error.name) : String(error);
}

/** What to do about a port that somebody else has. */
export function portInUse(port: number | string, owner?: string): string {
  const purpose = owner === undefined ? '' : ` (${owner})`;
  return `Port ${port}${purpose} is in use: stop what listens there, or choose other ports with SOUK_PORT_BASE=4000 npm start.`;
}
