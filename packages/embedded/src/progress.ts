const FRAMES = ['⠋', '⠙', '⠹', '⠸', '⠼', '⠴', '⠦', '⠧', '⠇', '⠏'];
const FRAME_MS = 80;

export interface Progress {
  /** Shows that `label` is under way until `work` settles, then how long it took. */
  step<T>(label: string, work: () => Promise<T>): Promise<T>;
  /** A line of its own, between the steps. */
  note(line: string): void;
}

function seconds(startedAt: number): string {
  return `${((performance.now() - startedAt) / 1000).toFixed(1)} s`;
}

/** For logs and pipes: a line when a step is done. */
export function plainProgress(out: NodeJS.WritableStream): Progress {
  return {
    note: (line) => {
      out.write(`${line}\n`);
    },
    step: async (label, work) => {
      const startedAt = performance.now();
      const result = await work();
      out.write(`${label}: ${seconds(startedAt)}\n`);
      return result;
    },
  };
}

/** For people: one line that moves while a step is under way. */
export function terminalProgress(out: NodeJS.WriteStream): Progress {
  const clear = '\r\u001b[K';
  return {
    note: (line) => {
      out.write(`${clear}${line}\n`);
    },
    step: async (label, work) => {
      const startedAt = performance.now();
      let frame = 0;
      const draw = () => {
        frame = (frame + 1) % FRAMES.length;
        out.write(`${clear}${FRAMES[frame]} ${label} ${seconds(startedAt)}`);
      };
      draw();
      const timer = setInterval(draw, FRAME_MS);
      try {
        const result = await work();
        out.write(`${clear}✔ ${label} ${seconds(startedAt)}\n`);
        return result;
      } catch (error) {
        out.write(`${clear}✘ ${label}\n`);
        throw error;
      } finally {
        clearInterval(timer);
      }
    },
  };
}

export function progressFor(out: NodeJS.WriteStream): Progress {
  return out.isTTY ? terminalProgress(out) : plainProgress(out);
}

/** Begins no further step once `signal` has fired: whoever stops a start need not wait for all of it. */
export function abortableProgress(progress: Progress, signal: AbortSignal): Progress {
  return {
    note: progress.note,
    step: async (label, work) => {
      signal.throwIfAborted();
      return await progress.step(label, work);
    },
  };
}
