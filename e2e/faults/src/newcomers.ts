import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { DEMO_PASSWORD, type PublicDoor, send } from '../../src/index.ts';

const PAUSE_MS = 250;

/** People who register one after the other and log in; whoever was welcomed must be known afterwards. */
export class Newcomers {
  readonly #door: PublicDoor;
  readonly #welcomed: string[] = [];
  #stopped = false;
  #running: Promise<void> = Promise.resolve();

  constructor(door: PublicDoor) {
    this.#door = door;
  }

  get count(): number {
    return this.#welcomed.length;
  }

  start(): void {
    this.#running = this.#arrive();
  }

  stop(): Promise<void> {
    this.#stopped = true;
    return this.#running;
  }

  async #arrive(): Promise<void> {
    while (!this.#stopped) {
      const email = `newcomer-${randomUUID()}@example.test`;
      const status = await this.#ask('/api/v1/users', { email, password: DEMO_PASSWORD, name: 'Mary Somerville' });
      if (status === 201) {
        this.#welcomed.push(email);
        await this.#ask('/api/v1/users/login', { email, password: DEMO_PASSWORD });
      }
      await sleep(PAUSE_MS);
    }
  }

  /** The status of the answer, 0 where none came. */
  async #ask(path: string, body: object): Promise<number> {
    try {
      return (await send(this.#door, path, { body })).status;
    } catch {
      return 0;
    }
  }

  /** Accounts that were promised and are not there, to be asked when nothing is broken any more. */
  async findStrangers(): Promise<string[]> {
    const strangers: string[] = [];
    for (const email of this.#welcomed) {
      const { status } = await send(this.#door, '/api/v1/users/login', { body: { email, password: DEMO_PASSWORD } });
      if (status !== 200) strangers.push(`${email} was registered and is answered ${status} at login`);
    }
    return strangers;
  }
}
