import type { OutgoingMessage, PublishOutcome } from '../broker.ts';

/** A queue refuses more than this: the outbox keeps what has no room here. */
const ENTRIES_MAX = 20_000;

/** A message inside one queue, from its arrival until somebody took it for good. */
export interface Entry {
  readonly message: OutgoingMessage;
  headers: Record<string, string | number>;
  attempt: number;
  redelivered: boolean;
  /** The place in the queue; a released entry keeps it and so goes back to the head. */
  position: number;
  /** It became a dead letter; its publication waits until that one is taken. */
  dead: boolean;
  outcome: Promise<PublishOutcome>;
  settle: (outcome: PublishOutcome) => void;
}

export interface MemoryQueue {
  readonly name: string;
  /** Adds the message at the tail, or joins the one with the same id that is still in flight. */
  offer(message: OutgoingMessage, options: { joinDead: boolean }): Promise<PublishOutcome>;
  /** Adds a message whose publication somebody else waits for: a dead letter. Never refused. */
  push(message: OutgoingMessage, headers: Record<string, string | number>, attempt: number): Promise<PublishOutcome>;
  take(countMax: number): Entry[];
  /** Back to its old place, with `redelivered`. */
  release(entry: Entry): void;
  /** To the tail, as attempt n + 1. */
  requeue(entry: Entry): void;
  /** Forgets the entry and tells its publication. */
  remove(entry: Entry, outcome: PublishOutcome): void;
  /** Ends every publication that waits as `failed`. */
  clear(): void;
  readonly size: number;
  onReady(listener: () => void): () => void;
}

export function createMemoryQueue(name: string): MemoryQueue {
  let ready: Entry[] = [];
  const inFlight = new Map<string, Entry>();
  const all = new Set<Entry>();
  const listeners = new Set<() => void>();
  let position = 0;

  const wake = () => {
    for (const listener of listeners) listener();
  };

  function add(message: OutgoingMessage, headers: Record<string, string | number>, attempt: number): Entry {
    let settle: Entry['settle'] = () => {};
    const outcome = new Promise<PublishOutcome>((resolve) => {
      settle = resolve;
    });
    position += 1;
    const entry: Entry = { message, headers, attempt, redelivered: false, position, dead: false, outcome, settle };
    all.add(entry);
    ready.push(entry);
    wake();
    return entry;
  }

  return {
    name,
    offer(message, { joinDead }) {
      const known = inFlight.get(message.id);
      if (known !== undefined && (joinDead || !known.dead)) return known.outcome;
      if (all.size >= ENTRIES_MAX) return Promise.resolve('failed');
      const entry = add(message, { ...message.headers }, 1);
      inFlight.set(message.id, entry);
      return entry.outcome;
    },
    push: (message, headers, attempt) => add(message, headers, attempt).outcome,
    take: (countMax) => ready.splice(0, countMax),
    release(entry) {
      entry.redelivered = true;
      const index = ready.findIndex((other) => other.position > entry.position);
      ready.splice(index === -1 ? ready.length : index, 0, entry);
      wake();
    },
    requeue(entry) {
      position += 1;
      entry.position = position;
      entry.redelivered = false;
      ready.push(entry);
      wake();
    },
    remove(entry, outcome) {
      all.delete(entry);
      if (inFlight.get(entry.message.id) === entry) inFlight.delete(entry.message.id);
      entry.settle(outcome);
    },
    clear() {
      for (const entry of all) entry.settle('failed');
      all.clear();
      inFlight.clear();
      ready = [];
    },
    get size() {
      return all.size;
    },
    onReady(listener) {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
  };
}
