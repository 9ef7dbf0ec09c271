import { PassThrough } from 'node:stream';
import { describe, expect, it } from 'vitest';
import { abortableProgress, plainProgress, terminalProgress } from './progress.ts';

function recorder() {
  const stream = new PassThrough();
  let text = '';
  stream.on('data', (chunk) => {
    text += chunk;
  });
  return { stream, text: () => text };
}

describe('progress', () => {
  it('is one line for each finished step where nobody watches', async () => {
    const { stream, text } = recorder();
    const progress = plainProgress(stream);
    expect(await progress.step('Starting PostgreSQL', async () => 'started')).toBe('started');
    progress.note('By the way');
    expect(text()).toMatch(/^Starting PostgreSQL: 0\.\d s\nBy the way\n$/);
  });

  it('moves on a terminal, and ends in a mark', async () => {
    const { stream, text } = recorder();
    const progress = terminalProgress(stream as unknown as NodeJS.WriteStream);
    await progress.step('Starting PostgreSQL', async () => {});
    await expect(progress.step('Starting services', () => Promise.reject(new RangeError('no')))).rejects.toThrow('no');
    expect(text()).toContain('✔ Starting PostgreSQL 0.0 s\n');
    expect(text()).toContain('✘ Starting services\n');
  });

  it('begins no further step after a stop', async () => {
    const { stream, text } = recorder();
    const stop = new AbortController();
    const progress = abortableProgress(plainProgress(stream), stop.signal);
    await progress.step('First', async () => stop.abort());
    await expect(progress.step('Second', async () => {})).rejects.toThrow(/abort/);
    expect(text()).not.toContain('Second');
  });
});
