export type PostgresServerProblem =
  | 'binary-missing'
  | 'disk-full'
  | 'folder-not-writable'
  | 'no-unprivileged-user'
  | 'not-started'
  | 'version-mismatch';

/** PostgreSQL could not be started; the message is one sentence that says what to do about it. */
export class PostgresServerError extends Error {
  readonly problem: PostgresServerProblem;
  constructor(problem: PostgresServerProblem, message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = 'PostgresServerError';
    this.problem = problem;
  }
}

/** Turns what the file system or PostgreSQL reported about `folder` into a sentence, where it is a known condition. */
export function explainFailure(folder: string, report: string, cause?: unknown): PostgresServerError {
  const options = cause === undefined ? {} : { cause };
  if (/ENOSPC|No space left on device/.test(report)) {
    return new PostgresServerError('disk-full', `The disk that holds ${folder} is full.`, options);
  }
  const isRefused = /EROFS|EACCES|EPERM|Read-only file system|Permission denied/;
  const refusal = report.split('\n').find((line) => isRefused.test(line));
  if (refusal !== undefined) {
    const message = `The folder ${folder} cannot be written (${refusal.trim()}).`;
    return new PostgresServerError('folder-not-writable', message, options);
  }
  if (/database files are incompatible with server/.test(report)) {
    return new PostgresServerError(
      'version-mismatch',
      `The data in ${folder} was written by another major version of PostgreSQL.`,
      options,
    );
  }
  const lastLine =
    report
      .trim()
      .split('\n')
      .findLast((line) => /FATAL|PANIC|error/i.test(line)) ?? report.trim();
  return new PostgresServerError('not-started', `PostgreSQL did not start: ${lastLine}`, options);
}
