import { describe, expect, it } from 'vitest';
import { withConsumerSpans, withSpan } from './spans.ts';
import {
  childTraceparent,
  currentTraceparent,
  newTraceparent,
  parseTraceparent,
  runWithTraceparent,
} from './traceparent.ts';

const VALID = '00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01';

describe('a traceparent', () => {
  it('is parsed', () => {
    expect(parseTraceparent(VALID)).toEqual({
      traceId: '4bf92f3577b34da6a3ce929d0e0e4736',
      parentId: '00f067aa0ba902b7',
      sampled: true,
    });
    expect(parseTraceparent(VALID.replace(/01$/, '00'))?.sampled).toBe(false);
    // A later version may have more fields.
    expect(parseTraceparent(`cc${VALID.slice(2)}-what-the-future-brings`)).toBeDefined();
  });

  it.each([
    undefined,
    '',
    'nonsense',
    `ff${VALID.slice(2)}`,
    `${VALID}-more`,
    VALID.toUpperCase(),
    `00-${'0'.repeat(32)}-00f067aa0ba902b7-01`,
    `00-4bf92f3577b34da6a3ce929d0e0e4736-${'0'.repeat(16)}-01`,
  ])('%s begins a new trace', (value) => {
    expect(parseTraceparent(value)).toBeUndefined();
    const child = childTraceparent(value);
    expect(parseTraceparent(child)).toBeDefined();
    expect(child).not.toContain('4bf92f3577b34da6a3ce929d0e0e4736');
  });

  it('has children in the same trace', () => {
    const child = childTraceparent(VALID);
    expect(child.slice(0, 36)).toBe(VALID.slice(0, 36));
    expect(child).not.toBe(VALID);
    expect(newTraceparent()).not.toBe(newTraceparent());
  });
});

describe('the current trace', () => {
  it('follows the work, not the process', async () => {
    expect(currentTraceparent()).toBeUndefined();
    const [one, other] = [newTraceparent(), newTraceparent()];
    const seen = await Promise.all(
      [one, other].map((traceparent) =>
        runWithTraceparent(traceparent, async () => {
          await new Promise((resolve) => setTimeout(resolve, 5));
          return currentTraceparent();
        }),
      ),
    );
    expect(seen).toEqual([one, other]);
  });

  it('is that of the message about the aggregate, inside a batch', async () => {
    const messages = ['a', 'b'].map((subject) => ({ name: 'process', subject, traceparent: newTraceparent() }));
    await withConsumerSpans(messages, async () => {
      for (const { subject, traceparent } of messages) {
        expect(currentTraceparent(subject)?.slice(0, 36)).toBe(traceparent.slice(0, 36));
      }
      expect(currentTraceparent('unknown')).toBe(currentTraceparent('a'));
    });
  });

  it('goes on in a span, which names itself', async () => {
    await withSpan('outer', { traceparent: VALID }, async () => {
      const outer = currentTraceparent();
      expect(outer?.slice(0, 36)).toBe(VALID.slice(0, 36));
      await withSpan('inner', {}, async () => {
        expect(currentTraceparent()?.slice(0, 36)).toBe(VALID.slice(0, 36));
        expect(currentTraceparent()).not.toBe(outer);
      });
    });
    await expect(withSpan('failing', {}, () => Promise.reject(new RangeError('no')))).rejects.toThrow(RangeError);
  });
});
