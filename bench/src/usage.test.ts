import { describe, expect, it } from 'vitest';
import { sumMetric } from './usage.ts';

const page = `# HELP a_total things
# TYPE a_total counter
a_total{kind="x"} 2
a_total{kind="y"} 3.5
a_total_other 100
b 7
`;

describe('reading a metrics page', () => {
  it('sums a metric over its labels', () => expect(sumMetric(page, 'a_total')).toBe(5.5));
  it('reads a metric without labels', () => expect(sumMetric(page, 'b')).toBe(7));
  it('tells an absent metric from zero', () => expect(sumMetric(page, 'c')).toBeUndefined());
});
