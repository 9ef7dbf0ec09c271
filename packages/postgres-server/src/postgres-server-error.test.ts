import { describe, expect, it } from 'vitest';
import { explainFailure } from './postgres-server-error.ts';

describe('a failure of PostgreSQL', () => {
  it.each([
    ['initdb: error: could not write to file: No space left on device', 'disk-full'],
    ['ENOSPC: no space left on device, write', 'disk-full'],
    ['initdb: error: could not create directory: Permission denied', 'folder-not-writable'],
    ['could not create directory: Read-only file system', 'folder-not-writable'],
    [
      'FATAL:  database files are incompatible with server\nDETAIL:  initialized by PostgreSQL version 17',
      'version-mismatch',
    ],
    ['LOG:  starting\nFATAL:  could not create shared memory segment\nLOG:  down', 'not-started'],
  ])('is one sentence for %s', (report, problem) => {
    const error = explainFailure('/data', report);
    expect(error.problem).toBe(problem);
    expect(error.message).not.toContain('\n');
  });

  it('keeps what PostgreSQL said when the condition is none of the known ones', () => {
    expect(explainFailure('/data', 'FATAL:  sorry\nmore').message).toBe('PostgreSQL did not start: FATAL:  sorry');
  });
});
