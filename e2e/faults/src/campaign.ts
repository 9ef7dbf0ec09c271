import { setTimeout as sleep } from 'node:timers/promises';
import { waitFor } from '@souk/testing';
import { aCustomer, type Customer, readStock, type Stock, select } from '../../src/index.ts';
import type { Fault } from './fault.ts';
import { FAULTS } from './fault-catalogue.ts';
import { type FaultPlatform, type FaultPlatformOptions, startFaultPlatform } from './fault-platform.ts';
import { checkReplays, decideUnknowns, type Operation, Shoppers } from './history.ts';
import { checkAlways } from './invariants.ts';
import { Newcomers } from './newcomers.ts';
import type { ProviderEntry } from './provider-books.ts';
import { countReady } from './queues.ts';
import { BrokenInvariantError, expectAllToHold } from './quiescence.ts';
import { type SeededRandom, seededRandom } from './seeded-random.ts';

/** With the short intervals of the tests: everything is settled so soon after the last fault (INVARIANTS, liveness). */
const SETTLED_WITHIN_MS = 10_000;
/** The platform shares two cores with its load, its servers and its tests, and sometimes with more. */
const SLACK_MS = Number(process.env.SOUK_FAULT_SLACK_MS ?? '10000');
/** Orders that wait for a payment method count from their expiry. */
const RESERVATION_TTL_MS = 8_000;
const SHOPPERS = 4;
/** The gateway's deadline; an answer must not take longer, whatever is broken. */
const DEADLINE_MS = 10_500;

export interface Round {
  /** By their names in the catalogue, or as they are. */
  faults: readonly (string | Fault)[];
  seed: number;
  durationMs: number;
}

export interface RoundReport {
  orders: number;
  ok: number;
  refused: number;
  unknown: number;
  slowestMs: number;
  settledAfterMs: number;
  /** Registered meanwhile. */
  accounts: number;
}

/** One platform under load, and everything that its clients remember. */
export class Campaign {
  readonly fault: FaultPlatform;
  readonly #customers: Customer[];
  readonly #stockBefore: Map<string, Stock>;
  readonly #productIds: string[];
  readonly history: Operation[] = [];
  #messagesLostUntil: Date | undefined;
  deadLettersExpected = 0;
  /** The books of another payment provider than the sandbox. */
  providerBooks: (() => ReadonlyMap<string, ProviderEntry>) | undefined;

  private constructor(fault: FaultPlatform, customers: Customer[], stockBefore: Map<string, Stock>) {
    this.fault = fault;
    this.#customers = customers;
    this.#stockBefore = stockBefore;
    const stocked = [...stockBefore].filter(([, { onHand }]) => onHand > 20).map(([id]) => id);
    this.#productIds = stocked.slice(0, 20);
  }

  static async start({ ownServers = false, env = {} }: FaultPlatformOptions = {}): Promise<Campaign> {
    const fault = await startFaultPlatform({
      ownServers,
      env: { RESERVATION_TTL_MS: String(RESERVATION_TTL_MS), ACCESS_TOKEN_TTL_MS: '3600000', ...env },
    });
    const customers: Customer[] = [];
    for (let index = 0; index < 4; index++) customers.push(await aCustomer(fault.door));
    // Enough of everything: running out is told elsewhere.
    await select(fault.platform, 'products', 'UPDATE inventory SET on_hand = on_hand + 5000');
    return new Campaign(fault, customers, await readStock(fault.platform));
  }

  /** A client's view of the last round. */
  shoppers(random: SeededRandom): Shoppers {
    return new Shoppers({
      customers: this.#customers,
      productIds: this.#productIds,
      paymentMethods: ['tok_ok', 'tok_ok', 'tok_ok', 'tok_ok', 'tok_declined', 'tok_flaky', 'tok_timeout', undefined],
      random: random.next,
      cancelRatio: 0.15,
    });
  }

  /** Load, faults at the same time, heal, and then everything has to hold. */
  async round({ faults, seed, durationMs }: Round): Promise<RoundReport> {
    const random = seededRandom(seed);
    const shoppers = this.shoppers(random);
    const sampled: string[] = [];
    const sampler = setInterval(() => {
      checkAlways(this.fault.platform).then(
        (found) => sampled.push(...found),
        () => {},
      );
    }, 200);
    const newcomers = new Newcomers(this.fault.door);
    shoppers.start(SHOPPERS);
    newcomers.start();
    try {
      await sleep(500);
      await Promise.all(faults.map((fault) => this.#inject(fault, random, durationMs)));
      this.fault.heal();
      await sleep(500);
    } finally {
      await Promise.all([shoppers.stop(), newcomers.stop()]);
      clearInterval(sampler);
    }
    this.history.push(...shoppers.orders);
    if (sampled.length > 0) throw new BrokenInvariantError(sampled.join('\n'));
    const report = await this.#settle(shoppers);
    const strangers = await newcomers.findStrangers();
    if (strangers.length > 0) throw new BrokenInvariantError(strangers.join('\n'));
    return { ...report, accounts: newcomers.count };
  }

  async #inject(wanted: string | Fault, random: SeededRandom, durationMs: number): Promise<void> {
    const fault = typeof wanted === 'string' ? FAULTS.get(wanted) : wanted;
    if (fault === undefined) throw new RangeError(`There is no fault "${wanted}"`);
    await fault.run({ ...this.fault, random, durationMs });
    if (fault.losesMessages) this.#messagesLostUntil = new Date();
  }

  async #settle(shoppers: Shoppers): Promise<Omit<RoundReport, 'accounts'>> {
    const { orders } = shoppers;
    const unknown = orders.filter(({ outcome }) => outcome === 'unknown').length;
    const slowest = Math.max(0, ...orders.map(({ tookMs }) => tookMs));
    const undecided = await decideUnknowns(orders);
    if (undecided.length > 0) throw new BrokenInvariantError(undecided.join('\n'));
    const settledAfterMs = await this.expectAllToHold();
    const replays = await checkReplays(orders, 5);
    if (replays.length > 0) throw new BrokenInvariantError(replays.join('\n'));
    if (slowest > DEADLINE_MS) throw new BrokenInvariantError(`An answer took ${slowest} ms`);
    this.expectNoCrash();
    const count = (outcome: string) => orders.filter((order) => order.outcome === outcome).length;
    return {
      orders: orders.length,
      ok: count('ok'),
      refused: count('fail'),
      unknown,
      slowestMs: slowest,
      settledAfterMs,
    };
  }

  /** Answers how long it took; whatever was sent on top of that has been dealt with then, too. */
  async expectAllToHold(): Promise<number> {
    const settledAfterMs = await expectAllToHold(
      {
        platform: this.fault.platform,
        stockBefore: this.#stockBefore,
        messagesLostUntil: this.#messagesLostUntil,
        deadLettersExpected: this.deadLettersExpected,
        orders: this.history,
        ...(this.providerBooks === undefined ? {} : { providerBooks: this.providerBooks }),
      },
      RESERVATION_TTL_MS + SETTLED_WITHIN_MS + SLACK_MS,
    );
    await waitFor(async () => (await countReady(this.fault.share)) === 0, {
      timeoutMs: 60_000,
      everyMs: 250,
      what: 'Empty queues',
    });
    return settledAfterMs;
  }

  expectNoCrash(): void {
    const found = /unhandledRejection|uncaughtException|Unhandled rejection|Uncaught exception/i.exec(
      this.fault.platform.logs(),
    );
    if (found !== null) throw new BrokenInvariantError(`A service has logged "${found[0]}"`);
  }

  stop(): Promise<void> {
    return this.fault.stop();
  }
}
