import { describe, expect, it } from 'vitest';
import { HealthCheckError } from '../health.ts';
import type { Logger } from '../logger.ts';
import { untilDatabaseAnswers } from './until-database-answers.ts';

function refused(): Error {
  return Object.assign(new Error('connect ECONNREFUSED 10.0.0.1:5432'), { code: 'ECONNREFUSED' });
}

function listeningLogger(): { logger: Logger; reasons: string[] } {
  const reasons: string[] = [];
  const logger = { warn: (fields: { reason: string }) => reasons.push(fields.reason) } as unknown as Logger;
  return { logger, reasons };
}

describe('Waiting for the database', () => {
  it('repeats while the server does not answer, then while its schema is old, and tells each reason once', async () => {
    const { logger, reasons } = listeningLogger();
    const errors = [refused(), refused(), new HealthCheckError('the schema is older than this build needs')];
    const answer = await untilDatabaseAnswers(
      async () => {
        const error = errors.shift();
        if (error !== undefined) throw error;
        return 'migrated';
      },
      { logger, pauseMs: 1 },
    );
    expect(answer).toBe('migrated');
    expect(reasons).toEqual(['connect ECONNREFUSED 10.0.0.1:5432', 'the schema is older than this build needs']);
  });

  it('gives up at its limit with the last error', async () => {
    const { logger } = listeningLogger();
    const waiting = untilDatabaseAnswers(() => Promise.reject(refused()), { logger, pauseMs: 1, limitMs: 20 });
    await expect(waiting).rejects.toThrow('ECONNREFUSED');
  });

  it('does not repeat what waiting cannot mend', async () => {
    const { logger, reasons } = listeningLogger();
    const wrongPassword = Object.assign(new Error('password authentication failed'), { code: '28P01' });
    let tries = 0;
    const attempt = () => {
      tries += 1;
      return Promise.reject(wrongPassword);
    };
    await expect(untilDatabaseAnswers(attempt, { logger, pauseMs: 1 })).rejects.toBe(wrongPassword);
    expect(tries).toBe(1);
    expect(reasons).toEqual([]);
  });
});
