import { expect, it } from 'vitest';
import { toType } from './client.mjs';

it.each<[string, object, string]>([
  ['a reference', { $ref: '#/components/schemas/Money' }, 'Money'],
  ['several types', { type: ['string', 'null'] }, 'string | null'],
  ['a closed list', { type: 'string', enum: ['a', "b'c"] }, "'a' | 'b\\'c'"],
  ['alternatives, each once', { anyOf: [{ type: 'integer' }, { type: 'number' }, { type: 'null' }] }, 'number | null'],
  ['an array of alternatives', { type: 'array', items: { type: ['string', 'null'] } }, '(string | null)[]'],
  ['a map', { type: 'object', additionalProperties: { type: 'integer' } }, 'Record<string, number>'],
  ['nothing allowed', { type: 'object', properties: {}, additionalProperties: false }, 'Record<string, never>'],
  ['any JSON', {}, 'unknown'],
])('writes %s down', (_what, schema, type) => {
  expect(toType(schema)).toBe(type);
});

it('marks what may be left out, and quotes odd names', () => {
  const schema = {
    type: 'object',
    properties: { 'x-y': { type: 'string' }, b: { type: 'boolean' } },
    required: ['x-y'],
  };
  expect(toType(schema)).toBe("{\n  'x-y': string;\n  b?: boolean | undefined;\n}");
});

it('does not guess at a type that it does not know', () => {
  expect(() => toType({ type: 'date' })).toThrow('"date"');
});
