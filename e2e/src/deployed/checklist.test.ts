import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { expectThat, runChecklist } from './checklist.ts';

describe('A checklist', () => {
  const lines: string[] = [];
  beforeEach(() => {
    lines.length = 0;
    vi.spyOn(console, 'log').mockImplementation((line: string) => lines.push(...line.split('\n')));
  });
  afterEach(() => vi.restoreAllMocks());

  const fine = { title: 'Redis answers', check: () => 'PONG' };
  const broken = { title: 'Mail arrives', check: () => expectThat(1 > 2, 'no mail among 3') as undefined };

  it('ticks what holds, crosses what does not and says what was found', async () => {
    expect(await runChecklist('All', [fine, broken, fine])).toBe(false);
    expect(lines.filter((line) => line.includes('✓ Redis answers — PONG'))).toHaveLength(2);
    expect(lines.join('\n')).toMatch(/✗ Mail arrives \([\d.]+ s\)\n {4}no mail among 3/);
    expect(lines.at(-1)).toBe('2 passed, 1 failed');
  });

  it('stops at a failure that the rest builds on', async () => {
    expect(await runChecklist('All', [{ ...broken, vital: true }, fine])).toBe(false);
    expect(lines.at(-1)).toBe('0 passed, 1 failed, 1 not tried');
  });

  it('succeeds when every point holds', async () => {
    expect(await runChecklist('All', [fine])).toBe(true);
  });
});
