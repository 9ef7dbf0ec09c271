/** Something that works in the background from start to stop. `stop` waits for the work in hand. */
export interface Worker {
  readonly name: string;
  start(): void | Promise<void>;
  stop(): Promise<void>;
}
