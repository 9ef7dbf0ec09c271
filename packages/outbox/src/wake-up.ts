/** A pause that can be cut short, also by a call that came just before it began. */
export interface WakeUp {
  wake: () => void;
  /** Forgets calls so far: whoever calls afterwards cuts the next pause short. */
  reset(): void;
  wait(timeoutMs: number): Promise<void>;
}

export function createWakeUp(): WakeUp {
  let woken = false;
  let end: (() => void) | undefined;
  return {
    wake() {
      woken = true;
      end?.();
    },
    reset() {
      woken = false;
    },
    async wait(timeoutMs) {
      if (woken) return;
      let timer: NodeJS.Timeout | undefined;
      await new Promise<void>((resolve) => {
        end = resolve;
        timer = setTimeout(resolve, timeoutMs);
      });
      clearTimeout(timer);
      end = undefined;
    },
  };
}
