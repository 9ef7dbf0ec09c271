import type { Logger } from '../logger.ts';

export interface DeadlineOptions {
  run: () => void | Promise<void>;
  timeoutMs: number;
  logger: Logger;
}

/**
 * One step of a shutdown: ends when `run` does, fails or has had its time, and never throws, because the next step must
 * come (amqplib's `close()` never settles on a dead peer).
 */
export async function deadline(step: { name: string }, options: DeadlineOptions): Promise<void> {
  const { logger, timeoutMs } = options;
  let timer: NodeJS.Timeout | undefined;
  const expired = new Promise<'expired'>((resolve) => {
    timer = setTimeout(resolve, timeoutMs, 'expired');
  });
  try {
    const result = await Promise.race([run(options), expired]);
    if (result === 'expired') logger.warn({ step: step.name, timeoutMs }, 'Did not stop in time and was left behind');
  } catch (error) {
    logger.warn({ error, step: step.name }, 'Failed to stop');
  } finally {
    clearTimeout(timer);
  }
}

async function run(options: DeadlineOptions): Promise<'done'> {
  await options.run();
  return 'done';
}
