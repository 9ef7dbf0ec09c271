import { describe, expect, it } from 'vitest';
import { hasAll } from './difference.ts';

describe('A live object has all that is desired', () => {
  it.each<[what: string, desired: unknown, live: unknown]>([
    ['when it is the same', { a: [1, { b: 2 }] }, { a: [1, { b: 2 }] }],
    ['when defaults were added', { spec: { a: 1 } }, { spec: { a: 1, protocol: 'TCP' }, status: {} }],
    ['when others added a variable', [{ name: 'A', value: '1' }], [{ name: 'B' }, { name: 'A', value: '1' }]],
    ['when a quantity is written otherwise', { cpu: '1000m', memory: '1024Mi' }, { cpu: '1', memory: '1Gi' }],
    ['when empty lists and objects were left out', { ingress: [], podSelector: {} }, {}],
  ])('%s', (_what, desired, live) => expect(hasAll(desired, live)).toBe(true));

  it.each<[what: string, desired: unknown, live: unknown]>([
    ['when a value differs', { a: '1' }, { a: '2' }],
    ['when a field is gone', { a: { b: 1 } }, { a: {} }],
    ['when the object is gone', { a: 1 }, undefined],
    ['when a named item is gone', [{ name: 'A' }], [{ name: 'B' }]],
    ['when a list without names has another length', ['a'], ['a', 'b']],
    ['when a list without names has another order', ['a', 'b'], ['b', 'a']],
    ['when a rule was added to a policy', [{ port: 53 }], [{ port: 53 }, { port: 80 }]],
    ['when a quantity differs', { cpu: '100m' }, { cpu: '1' }],
  ])('not %s', (_what, desired, live) => expect(hasAll(desired, live)).toBe(false));
});
