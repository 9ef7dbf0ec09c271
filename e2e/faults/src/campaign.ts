import { setTimeout as sleep } from 'node:timers/promises';
import { aCustomer, type Customer, readStock, type Stock, select } from '../../src/index.ts';
import { FAULTS } from './fault-catalogue.ts';
import { type FaultPlatform, startFaultPlatform } from './fault-platform.ts';
import { checkReplays, decideUnknowns, type Operation, Shoppers } from './history.ts';
import { checkAlways } from './invariants.ts';
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
  faults: readonly string[];
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
}

/** One platform under load, and everything that its clients remember. */
export class Campaign {
  readonly fault: FaultPlatform;
  readonly #customers: Customer[];
  readonly #stockBefore: Map<string, Stock>;
  readonly #productIds: string[];
  readonly history: Operation[] = [];
  #messagesPurged = false;
  deadLettersExpected = 0;

  private constructor(fault: FaultPlatform, customers: Customer[], stockBefore: Map<string, Stock>) {
    this.fault = fault;
    this.#customers = customers;
    this.#stockBefore = stockBefore;
    const stocked = [...stockBefore].filter(([, { onHand }]) => onHand > 20).map(([id]) => id);
    this.#productIds = stocked.slice(0, 20);
  }

  static async start(env: Record<string, string> = {}): Promise<Campaign> {
    const fault = await startFaultPlatform({
      env: { RESERVATION_TTL_MS: String(RESERVATION_TTL_MS), ACCESS_TOKEN_TTL_MS: '3600000', ...env },
    });
    const customers: Customer[] = [];
    for (let index = 0; index < 4; index++) customers.push(await aCustomer(fault.platform));
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
    shoppers.start(SHOPPERS);
    try {
      await sleep(500);
      await Promise.all(faults.map((name) => this.#inject(name, random, durationMs)));
      this.fault.heal();
      await sleep(500);
    } finally {
      await shoppers.stop();
      clearInterval(sampler);
    }
    this.history.push(...shoppers.orders);
    if (sampled.length > 0) throw new BrokenInvariantError(sampled.join('\n'));
    return await this.#settle(shoppers);
  }

  async #inject(name: string, random: SeededRandom, durationMs: number): Promise<void> {
    const fault = FAULTS.get(name);
    if (fault === undefined) throw new RangeError(`There is no fault "${name}"`);
    if (fault.losesMessages) this.#messagesPurged = true;
    await fault.run({ ...this.fault, random, durationMs });
  }

  async #settle(shoppers: Shoppers): Promise<RoundReport> {
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

  expectAllToHold(): Promise<number> {
    return expectAllToHold(
      {
        platform: this.fault.platform,
        stockBefore: this.#stockBefore,
        messagesPurged: this.#messagesPurged,
        deadLettersExpected: this.deadLettersExpected,
        orders: this.history,
      },
      RESERVATION_TTL_MS + SETTLED_WITHIN_MS + SLACK_MS,
    );
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
