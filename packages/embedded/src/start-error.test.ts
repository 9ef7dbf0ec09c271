import { describe, expect, it } from 'vitest';
import { explainStart, StartError } from './start-error.ts';

const withCode = (code: string, more: object = {}) =>
  Object.assign(new Error('syscall failed\nwith details'), { code, ...more });

describe('an error at the start', () => {
  it.each([
    [withCode('ENOSPC'), 'The disk that holds /data is full.'],
    [withCode('53100'), 'The disk that holds /data is full.'],
    [withCode('EROFS'), 'The folder /data cannot be written; SOUK_DATA_DIRECTORY names another one.'],
    [withCode('EACCES'), 'The folder /data cannot be written; SOUK_DATA_DIRECTORY names another one.'],
    [
      withCode('ENOENT', { syscall: 'mkdir' }),
      'The folder /data cannot be written; SOUK_DATA_DIRECTORY names another one.',
    ],
    [withCode('EDQUOT'), 'The disk quota for /data is used up.'],
    [new AggregateError([withCode('ENOSPC')], ''), 'The disk that holds /data is full.'],
    [new StartError('Something to do.'), 'Something to do.'],
    [withCode('EUNKNOWN'), 'syscall failed'],
    ['thrown text', 'thrown text'],
  ])('is one line: %s', (error, line) => {
    expect(explainStart(error, '/data')).toBe(line);
  });

  it('names a port that is in use', () => {
    expect(explainStart(withCode('EADDRINUSE', { port: 3000 }), '/data')).toMatch(
      /^Port 3000 is in use: .*SOUK_PORT_BASE/,
    );
  });
});
