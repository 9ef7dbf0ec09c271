import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { waitFor } from '@souk/testing';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { anEvent } from '../../test/events.ts';
import { type Harness, startHarness } from '../../test/harness.ts';

/** Takes every SMS and never says so. */
const silent = createServer(() => {});
let harness: Harness;
let directory: string;
beforeAll(async () => {
  silent.listen(0, '127.0.0.1');
  await once(silent, 'listening');
  directory = await mkdtemp(join(tmpdir(), 'souk-mail-'));
  harness = await startHarness({
    MAIL_DIRECTORY: directory,
    SMS_WEBHOOK_URL: `http://127.0.0.1:${(silent.address() as AddressInfo).port}/sms`,
    NOTIFICATION_SEND_TIMEOUT_MS: '60000',
  });
});
afterAll(async () => {
  silent.closeAllConnections();
  await harness.stop();
  silent.close();
  await rm(directory, { recursive: true, force: true });
});

test('an SMS provider that never answers holds up no mail', async () => {
  await harness.publish(...Array.from({ length: 60 }, () => anEvent('order.shipped')));
  const counts = async () => {
    const { rows } = await harness.database.pool.query<{ channel: string; status: string; count: number }>(
      'SELECT channel, status, count(*)::int FROM deliveries GROUP BY 1, 2 ORDER BY 1, 2',
    );
    return rows;
  };
  const settled = await waitFor(
    async () => {
      const rows = await counts();
      return rows.some(({ channel, status, count }) => channel === 'email' && status === 'sent' && count === 60)
        ? rows
        : undefined;
    },
    { timeoutMs: 20_000, what: 'all mails' },
  );
  expect(settled).toEqual([
    { channel: 'email', status: 'sent', count: 60 },
    { channel: 'sms', status: 'pending', count: 60 },
  ]);
});
