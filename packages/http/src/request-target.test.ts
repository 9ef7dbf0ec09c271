import { expect, it } from 'vitest';
import { toOriginForm } from './request-target.ts';

it('takes a path and the asterisk as they are', () => {
  for (const target of ['/', '/api/v1/products?q=%20', '*']) expect(toOriginForm(target, 'souk.test')).toBe(target);
});

it('takes an absolute form for the authority that Host names, and only for that', () => {
  expect(toOriginForm('http://souk.test/a?b', 'Souk.test')).toBe('/a?b');
  expect(toOriginForm('http://souk.test', 'souk.test')).toBe('/');
  for (const target of ['http://other.test/a', 'http://a:b@souk.test/a', 'https://souk.test:1/', 'http:///a']) {
    expect(() => toOriginForm(target, 'souk.test')).toThrow('another authority');
  }
});

it.each(['a/b', 'ftp://souk.test/a', '', '?x', '/a#b', '/a\u0080', 'http://souk.test/a#b'])(
  '%j is malformed',
  (target) => {
    expect(() => toOriginForm(target, 'souk.test')).toThrow(/Expected a request target/);
  },
);
