import { expect, test } from 'vitest';
import { z } from 'zod';
import { toFieldErrors, validationRefusal } from './validation.ts';

function errorsOf(schema: z.ZodType, value: unknown) {
  const { error } = schema.safeParse(value);
  return toFieldErrors(error?.issues ?? []);
}

test('of a union the nearest branch tells what is wrong', () => {
  const card = z.strictObject({ kind: z.literal('card'), number: z.string() });
  const bank = z.strictObject({ kind: z.literal('bank'), iban: z.string(), name: z.string() });
  const schema = z.strictObject({ method: z.union([bank, card]) });
  expect(errorsOf(schema, { method: { kind: 'card', number: 1 } })).toEqual([
    { pointer: '/method/number', detail: 'expected string, received number' },
  ]);
  expect(errorsOf(schema, { method: 1 }).map((error) => error.pointer)).toEqual(['/method']);
});

test('details say what is expected and never what was sent', () => {
  const schema = z.strictObject({
    token: z.string().regex(/^tok_/, 'expected a token'),
    size: z.enum(['s', 'm']),
    count: z.int().min(1).max(9),
  });
  const errors = errorsOf(schema, { token: '4111111111111111', size: 'secret', count: 12345 });
  expect(errors.map((error) => error.detail)).toEqual([
    'expected a token',
    'expected one of "s"|"m"',
    'Too big: expected number to be <=9',
  ]);
  expect(JSON.stringify(errors)).not.toMatch(/4111|secret|12345/);
});

test('the detail of a refusal names the first place and how many more there are', () => {
  const errors = [
    { pointer: '/a', detail: 'unknown field' },
    { pointer: '/b', detail: 'unknown field' },
  ];
  expect(validationRefusal(errors).detail).toBe('/a: unknown field (and 1 more)');
  expect(validationRefusal([{ pointer: '', detail: 'expected object' }]).detail).toBe('The body: expected object');
});
