import { describe, expect, it } from 'vitest';
import { scramVerifier } from './app-role.ts';
import { findPending } from './migrate.ts';

const migration = (name: string, checksum = name) => ({ name, sql: '', checksum });
const applied = (name: string, checksum = name) => ({ migration_name: name, checksum, finished_at: new Date() });

describe('the migrations to apply', () => {
  it('are those that the history lacks, sorted by name', () => {
    const build = [migration('3'), migration('1'), migration('2')];
    expect(findPending(build, [applied('1')]).map(({ name }) => name)).toEqual(['2', '3']);
    expect(findPending(build, [])).toHaveLength(3);
  });

  it('may be fewer than the history knows: a newer build was here', () => {
    expect(findPending([migration('1')], [applied('1'), applied('2')])).toEqual([]);
  });

  it('are refused when one was changed or failed', () => {
    expect(() => findPending([migration('1', 'new')], [applied('1', 'old')])).toThrow(
      'was changed after it had been applied',
    );
    expect(() => findPending([migration('1')], [{ ...applied('1'), finished_at: null }])).toThrow(
      'Migration 1 failed before',
    );
  });
});

describe('a SCRAM verifier', () => {
  it('is what PostgreSQL computes', () => {
    // SELECT rolpassword FROM pg_authid after CREATE ROLE … PASSWORD 'secret', with its salt.
    const salt = Buffer.from('W22ZaJ0SNY7soEsUEjb6gQ==', 'base64');
    expect(scramVerifier('pencil', salt)).toBe(
      'SCRAM-SHA-256$4096:W22ZaJ0SNY7soEsUEjb6gQ==$WG5d8oPm3OtcPnkdi4Uo7BkeZkBFzpcXkuLmtbsT4qY=:wfPLwcE6nTWhTAmQ7tl2KeoiWGPlZqQxSrmfPwDl2dU=',
    );
  });

  it('is not made for what would need SASLprep', () => {
    expect(scramVerifier('пароль')).toBe('пароль');
  });
});
