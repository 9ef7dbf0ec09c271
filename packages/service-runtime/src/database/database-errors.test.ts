import { Refusal } from '@souk/contracts';
import { describe, expect, it } from 'vitest';
import { classifyDatabaseError } from './database-errors.ts';

const pgError = (code: string, more: object = {}) => Object.assign(new TypeError('pg'), { code, ...more });
const prismaError = (code: string, cause: object) =>
  Object.assign(new TypeError('prisma'), { code, meta: { driverAdapterError: { cause } } });

describe('a database error', () => {
  it.each([
    ['40001', 'serialization'],
    ['40P01', 'serialization'],
    ['23505', 'unique'],
    ['23503', 'foreign-key'],
    ['23514', 'check'],
    ['22P02', 'invalid-text'],
    ['22021', 'invalid-text'],
    ['22P05', 'invalid-text'],
    ['57P01', 'transient'],
    ['57P03', 'transient'],
    ['53300', 'transient'],
    ['08006', 'transient'],
    ['57014', 'transient'],
    ['55P03', 'transient'],
    ['25P03', 'transient'],
    ['ECONNREFUSED', 'transient'],
    ['ECONNRESET', 'transient'],
    ['42703', 'other'],
  ])('of pg with code %s is %s', (code, kind) => {
    expect(classifyDatabaseError(pgError(code)).kind).toBe(kind);
  });

  it.each([
    ['P2034', {}, 'serialization'],
    ['P2010', { originalCode: '40P01' }, 'serialization'],
    ['P2010', { originalCode: '55P03' }, 'transient'],
    ['P2039', { originalCode: '57014' }, 'transient'],
    ['P2039', { originalCode: '22021' }, 'invalid-text'],
    ['P2028', {}, 'transient'],
    ['P2007', {}, 'invalid-text'],
    ['P2025', {}, 'other'],
  ])('of Prisma with code %s and %j is %s', (code, cause, kind) => {
    expect(classifyDatabaseError(prismaError(code, cause)).kind).toBe(kind);
  });

  it('names the violated constraint', () => {
    expect(classifyDatabaseError(pgError('23505', { constraint: 'users_email_key' }))).toEqual({
      kind: 'unique',
      constraint: 'users_email_key',
      code: '23505',
    });
    const cause = { originalCode: '23505', constraint: { index: 'products_sku_key' } };
    expect(classifyDatabaseError(prismaError('P2002', cause))).toMatchObject({
      kind: 'unique',
      constraint: 'products_sku_key',
    });
  });

  it('tells a statement that took too long from a server that is away', () => {
    expect(classifyDatabaseError(pgError('57014')).timeout).toBe(true);
    expect(classifyDatabaseError(pgError('57P01')).timeout).toBeUndefined();
  });

  it.each([
    'Connection terminated unexpectedly',
    'timeout exceeded when trying to connect',
    'Query read timeout',
    'Client has encountered a connection error and is not queryable',
  ])('without a code is known by its message: %s', (message) => {
    expect(classifyDatabaseError(new TypeError(message)).kind).toBe('transient');
  });

  it('is found behind other errors, but not for ever', () => {
    const wrapped = new TypeError('outer', { cause: new TypeError('inner', { cause: pgError('40001') }) });
    expect(classifyDatabaseError(wrapped).kind).toBe('serialization');
    const circular: Error & { cause?: unknown } = new TypeError('circular');
    circular.cause = circular;
    expect(classifyDatabaseError(circular).kind).toBe('other');
    for (const value of [undefined, null, 'text', 7]) expect(classifyDatabaseError(value).kind).toBe('other');
  });

  it('may be another dependency that is away', () => {
    expect(classifyDatabaseError(new Refusal('unavailable', 'order-service is away')).kind).toBe('transient');
    expect(classifyDatabaseError(new Refusal('conflict', 'no')).kind).toBe('other');
  });
});
