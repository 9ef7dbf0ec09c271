import { expect, it } from 'vitest';
import { parseIfMatch, requireVersion } from './etag.ts';

it.each(['"3"', ' "3" ', '"1", "3"', '"3-7"', 'W/"9","3"'])('%s names version 3', (header) => {
  expect(requireVersion({ ifMatch: parseIfMatch(header) }, 3, { compositeTag: true })).toBe(3);
});

it.each(['"3"x', 'x"3"', '"3" "4"', 'W/"3"', '3', '"03"', '"3', '"3.0"', '"3-"', '', ',', '"3";"4"', 'w/"3"'])(
  '%s names no version',
  (header) => {
    const ifMatch = parseIfMatch(header);
    expect(() => requireVersion({ ifMatch }, 3, { compositeTag: true })).toThrow('The resource has changed');
  },
);

it.each([undefined, '*', ' * '])('%s leaves the version unsaid', (header) => {
  expect(parseIfMatch(header)).toBeUndefined();
});

it('reads a long broken list in no time', () => {
  // The best of five: what a busy machine adds is not the parser's.
  const timesMs = Array.from({ length: 5 }, () => {
    const startedAt = performance.now();
    parseIfMatch(`${'"1" , '.repeat(2_600)}"1"x`);
    return performance.now() - startedAt;
  });
  expect(Math.min(...timesMs)).toBeLessThan(50);
});
