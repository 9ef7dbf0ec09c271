import { setTimeout as sleep } from 'node:timers/promises';
import { Agent, request } from 'undici';

export interface Shot {
  /** 0 where no answer came. */
  status: number;
  tookMs: number;
  retryAfter: string | undefined;
  /** The detail of a problem: why it was refused. */
  detail?: string;
}

export interface Target {
  url: string;
  method?: 'GET' | 'POST';
  headers?: () => Record<string, string>;
  body?: () => string;
}

/** Somebody who asks the same thing very often, over connections of their own. */
export class Crowd {
  readonly #agent = new Agent({ connections: null, pipelining: 1, headersTimeout: 15_000 });
  readonly #target: Target;

  constructor(target: Target) {
    this.#target = target;
  }

  async shoot(url = this.#target.url): Promise<Shot> {
    const { method = 'GET', headers, body } = this.#target;
    const startedAt = performance.now();
    try {
      const answer = await request(url, {
        method,
        dispatcher: this.#agent,
        headers: headers?.() ?? {},
        body: body?.() ?? null,
      });
      const text = await answer.body.text();
      const retryAfter = answer.headers['retry-after'];
      return {
        ...(answer.statusCode >= 400 && { detail: (JSON.parse(text) as { detail?: string }).detail ?? '' }),
        status: answer.statusCode,
        tookMs: performance.now() - startedAt,
        retryAfter: typeof retryAfter === 'string' ? retryAfter : undefined,
      };
    } catch {
      return { status: 0, tookMs: performance.now() - startedAt, retryAfter: undefined };
    }
  }

  /** So many at once, each again as soon as it is answered. */
  async inTurns(concurrency: number, durationMs: number): Promise<Shot[]> {
    const until = performance.now() + durationMs;
    const shots: Shot[] = [];
    const one = async () => {
      while (performance.now() < until) shots.push(await this.shoot());
    };
    await Promise.all(Array.from({ length: concurrency }, one));
    return shots;
  }

  /** So many a second, whether the ones before are answered or not. */
  async atRate(perSecond: number, durationMs: number): Promise<Shot[]> {
    const startedAt = performance.now();
    const shots: Promise<Shot>[] = [];
    for (let elapsed = 0; elapsed < durationMs; elapsed = performance.now() - startedAt) {
      const due = Math.floor((elapsed / 1_000) * perSecond);
      while (shots.length < due) shots.push(this.shoot());
      await sleep(5);
    }
    return Promise.all(shots);
  }

  close(): Promise<void> {
    return this.#agent.destroy();
  }
}

/** The value below which this share of all lies. */
export function quantile(values: readonly number[], share: number): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? 0;
}
