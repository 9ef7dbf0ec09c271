import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { expect, it } from 'vitest';
import { withDeadline } from './with-deadline.ts';

const untilAborted = (signal: AbortSignal) =>
  new Promise<never>((_, reject) => {
    if (signal.aborted) reject(signal.reason);
    else signal.addEventListener('abort', () => reject(signal.reason));
  });
const stopping = new AbortController().signal;

it('ends a call that nobody answers, however often garbage is collected meanwhile', async () => {
  setFlagsFromString('--expose_gc');
  const collectGarbage = runInNewContext('gc') as () => void;
  const calls = Array.from({ length: 20 }, () => withDeadline({ timeoutMs: 150, stopping }, untilAborted));
  const collector = setInterval(collectGarbage, 20);
  const ends = await Promise.allSettled(calls);
  clearInterval(collector);
  expect(ends.map((end) => end.status === 'rejected' && end.reason.name)).toEqual(calls.map(() => 'TimeoutError'));
});

it('ends a call when the process stops, also one that begins after that', async () => {
  const controller = new AbortController();
  const options = { timeoutMs: 60_000, stopping: controller.signal };
  const call = withDeadline(options, untilAborted);
  controller.abort(new RangeError('stopping'));
  await expect(call).rejects.toThrow('stopping');
  await expect(withDeadline(options, untilAborted)).rejects.toThrow('stopping');
});

it('answers what the call answers', async () => {
  await expect(withDeadline({ timeoutMs: 60_000, stopping }, async () => 7)).resolves.toBe(7);
});
