import { QUEUES, retryQueueName } from '@souk/contracts';
import type { Check, CheckContext } from './check.ts';
import type { Discrepancy } from './discrepancy.ts';

/** What lies in the queues, where the broker can be asked: the one-process run keeps its own to itself. */
export const BROKER_CHECKS: readonly Check[] = [
  {
    name: 'queue-consumed',
    rule: 'Every queue of events is there, and somebody takes from it',
    needs: 'broker',
    run: async ({ broker }) => {
      const names = QUEUES.flatMap(({ queue, deadLetterQueue }) => [queue, deadLetterQueue]);
      const found: Discrepancy[] = [];
      for (const name of names) {
        const depth = await broker?.depthOf(name);
        if (depth !== undefined && depth.consumers > 0) continue;
        const what = depth === undefined ? 'no such queue' : 'no consumer';
        found.push({ subject: `queue ${name}`, expected: 'a consumer', found: what });
      }
      return found;
    },
  },
  {
    name: 'queue-empty',
    rule: 'No event waits in a queue',
    needs: 'broker',
    run: (context) => {
      const names = QUEUES.map(({ queue }) => queue);
      return waitingIn(context, [...names, ...retryQueues(context)], 'no message waiting');
    },
  },
  {
    name: 'dead-letter-kept',
    rule: 'No dead letter waits in a queue instead of the table where it is found',
    needs: 'broker',
    run: (context) => {
      const names = QUEUES.map(({ deadLetterQueue }) => deadLetterQueue);
      return waitingIn(context, names, 'every message in the table of dead letters');
    },
  },
];

/** Those where a message may wait for longer than whoever asks has patience for; in the others it is under way. */
function retryQueues({ broker, patienceMs }: CheckContext): string[] {
  const delaysMs = new Set(broker?.retryDelaysMs.filter((delayMs) => delayMs > patienceMs));
  return QUEUES.flatMap(({ queue }) => [...delaysMs].map((delayMs) => retryQueueName(queue, delayMs)));
}

async function waitingIn({ broker }: CheckContext, names: string[], expected: string): Promise<Discrepancy[]> {
  const found: Discrepancy[] = [];
  for (const name of names) {
    const { messages = 0 } = (await broker?.depthOf(name)) ?? {};
    if (messages > 0) found.push({ subject: `queue ${name}`, expected, found: `${messages} waiting` });
  }
  return found;
}
