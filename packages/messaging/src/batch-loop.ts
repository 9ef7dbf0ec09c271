import { batchPauseMs } from './batch-pause.ts';
import type { ConsumeOptions, Delivery } from './broker.ts';
import type { BrokerLogger } from './log.ts';

export interface BatchLoopOptions extends Pick<ConsumeOptions, 'queue' | 'onBatch'> {
  /** The next batch, at most `batchMax`; empty when nothing is ready. */
  take: () => Delivery[];
  logger: BrokerLogger | undefined;
  random: () => number;
}

/** Runs batches one after the other; both adapters consume by it. */
export interface BatchLoop {
  /** Something may be ready. */
  wake(): void;
  /** No further batch begins until `resume`; the running one goes on. */
  halt(): void;
  resume(): void;
  /** Resolves when no batch runs. */
  idle(): Promise<void>;
}

export function createBatchLoop(options: BatchLoopOptions): BatchLoop {
  let batch: Promise<void> | undefined;
  let immediate: NodeJS.Immediate | undefined;
  let rest: NodeJS.Timeout | undefined;
  let halted = false;
  let throwsInARow = 0;

  const mayBegin = () => !halted && batch === undefined && rest === undefined;

  // By setImmediate, so that everything that arrived in one turn of the event loop comes as one batch.
  function wake(): void {
    if (!mayBegin() || immediate !== undefined) return;
    immediate = setImmediate(() => {
      immediate = undefined;
      if (mayBegin()) begin();
    });
  }

  function begin(): void {
    const deliveries = options.take();
    if (deliveries.length === 0) return;
    batch = runBatch(deliveries).then(() => {
      batch = undefined;
      wake();
    });
  }

  async function runBatch(deliveries: Delivery[]): Promise<void> {
    try {
      await options.onBatch(deliveries);
      throwsInARow = 0;
    } catch (error) {
      throwsInARow += 1;
      options.logger?.error({ error, queue: options.queue }, 'A batch threw; its messages are given back');
      for (const delivery of deliveries) delivery.release();
      restFor(batchPauseMs(throwsInARow, options.random));
    }
  }

  function restFor(pauseMs: number): void {
    if (halted) return;
    rest = setTimeout(() => {
      rest = undefined;
      wake();
    }, pauseMs);
  }

  return {
    wake,
    halt() {
      halted = true;
      clearTimeout(rest);
      rest = undefined;
      if (immediate !== undefined) clearImmediate(immediate);
      immediate = undefined;
    },
    resume() {
      halted = false;
      wake();
    },
    async idle() {
      await batch;
    },
  };
}
