import { describe, expect, it } from 'vitest';
import { addressInputSchema, countrySchema, phoneSchema } from './address.ts';
import { moneySchema, sumMoney } from './money.ts';
import { PROBLEMS } from './problems.ts';
import { Refusal } from './refusal.ts';
import { idSchema, textSchema } from './text.ts';

const accepts = (schema: { safeParse(value: unknown): { success: boolean } }, value: unknown) =>
  schema.safeParse(value).success;

describe('text', () => {
  const name = textSchema({ codePointsMax: 3 });

  it('is counted in code points, not in code units', () => {
    expect(accepts(name, '😀😀😀')).toBe(true);
    expect(accepts(name, '😀😀😀😀')).toBe(false);
    expect(accepts(name, 'abcd')).toBe(false);
  });

  it('has no NUL, no control character and no half of a pair', () => {
    for (const text of ['a\u0000', 'a\n', 'a\u0085', '\ud800', '\udc00a']) expect(accepts(name, text)).toBe(false);
  });

  it('may have tabs and newlines where it has several lines', () => {
    const text = textSchema({ codePointsMax: 10, multiline: true });
    expect(accepts(text, 'a\n\tb')).toBe(true);
    expect(accepts(text, 'a\rb')).toBe(false);
    expect(accepts(text, 'a\u0000')).toBe(false);
  });

  it('says something, unless it may be empty', () => {
    for (const text of ['', '  ', '\u00a0']) expect(accepts(name, text)).toBe(false);
    expect(accepts(textSchema({ codePointsMax: 3, emptyAllowed: true }), '')).toBe(true);
  });
});

describe('an id', () => {
  it('is a UUID in lower case and nothing near it', () => {
    expect(accepts(idSchema, '0198f000-0000-7000-8000-000000000001')).toBe(true);
    for (const id of [
      '0198F000-0000-7000-8000-000000000001',
      '{0198f000-0000-7000-8000-000000000001}',
      '1 OR 1=1',
      '',
    ]) {
      expect(accepts(idSchema, id)).toBe(false);
    }
  });
});

describe('an address', () => {
  const address = { name: 'Ada', line1: '12 Way', city: 'London', postalCode: 'W1A 1AA', country: 'GB' };

  it('needs its lines, knows countries, and takes null for what is optional', () => {
    expect(accepts(addressInputSchema, address)).toBe(true);
    expect(accepts(addressInputSchema, { ...address, line2: null, phone: null })).toBe(true);
    expect(accepts(addressInputSchema, { ...address, city: undefined })).toBe(false);
    expect(accepts(addressInputSchema, { ...address, planet: 'Earth' })).toBe(false);
    expect(accepts(addressInputSchema, { ...address, planet: null })).toBe(false);
  });

  it('has a country of ISO 3166 and a phone number that can be dialled', () => {
    expect(['DE', 'US', 'JP'].every((country) => accepts(countrySchema, country))).toBe(true);
    expect(['de', 'XX', 'UK', ''].some((country) => accepts(countrySchema, country))).toBe(false);
    expect(
      ['+49 30 1234567', '030/12345', '+49 (0)30 - 12345', '+1 (212) 555-0100', '(030) 1234567'].every((phone) =>
        accepts(phoneSchema, phone),
      ),
    ).toBe(true);
    expect(['1234', '+', 'call me', `+${'1'.repeat(40)}`].some((phone) => accepts(phoneSchema, phone))).toBe(false);
  });
});

describe('money', () => {
  it('is a whole number of minor units and a currency', () => {
    expect(accepts(moneySchema, { amount: 1999, currency: 'EUR' })).toBe(true);
    for (const amount of [-1, 0.1, 1e308, '1', Number.NaN]) {
      expect(accepts(moneySchema, { amount, currency: 'EUR' })).toBe(false);
    }
    for (const currency of ['eur', 'EURO', 'EUR ', ''])
      expect(accepts(moneySchema, { amount: 1, currency })).toBe(false);
  });

  it('adds up', () => {
    const amounts = [10, 5].map((amount) => ({ amount, currency: 'EUR' }));
    expect(sumMoney(amounts, 'EUR')).toEqual({ amount: 15, currency: 'EUR' });
    expect(sumMoney([], 'EUR')).toEqual({ amount: 0, currency: 'EUR' });
  });
});

describe('a refusal', () => {
  it('carries its code, what was expected, and when to come back', () => {
    const cause = new RangeError('inner');
    const errors = [{ pointer: '/quantity', detail: 'expected 1 to 99' }];
    const refusal = new Refusal('validation', 'Expected a valid body', { errors, retryAfterSeconds: 2, cause });
    expect(refusal).toMatchObject({
      code: 'validation',
      detail: 'Expected a valid body',
      errors,
      retryAfterSeconds: 2,
    });
    expect(refusal.cause).toBe(cause);
    expect(refusal.message).toBe('validation: Expected a valid body');
    expect(new Refusal('conflict', 'taken').cause).toBeUndefined();
  });

  it('has a status for every code of the catalogue', () => {
    for (const { status, title } of Object.values(PROBLEMS)) {
      expect(status).toBeGreaterThanOrEqual(400);
      expect(title).not.toBe('');
    }
  });
});
