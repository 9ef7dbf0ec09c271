import { execFile } from 'node:child_process';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { promisify } from 'node:util';
import { describe, expect, it } from 'vitest';
import { orderCommand } from './welcome.ts';

const PRODUCT_ID = '01900000-0000-7000-8000-000000000001';

interface Seen {
  path: string | undefined;
  authorization: string | undefined;
  idempotencyKey: string | undefined;
  body: unknown;
}

/** Pastes the command into bash while a shop that only takes notes listens. */
async function paste(): Promise<Seen[]> {
  const seen: Seen[] = [];
  const server = createServer((request, response) => {
    let text = '';
    request.on('data', (chunk) => {
      text += chunk;
    });
    request.on('end', () => {
      const { authorization, 'idempotency-key': key } = request.headers;
      seen.push({ path: request.url, authorization, idempotencyKey: key?.toString(), body: JSON.parse(text) });
      response.end(
        JSON.stringify({ tokenType: 'Bearer', accessToken: 'aaa.bbb-_.ccc', expiresIn: 600, refreshToken: 'x' }),
      );
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', () => resolve()));
  try {
    const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    await promisify(execFile)('bash', ['-c', orderCommand(url, PRODUCT_ID)]);
    return seen;
  } finally {
    server.close();
  }
}

describe('the order command', () => {
  it('is one line', () => {
    expect(orderCommand('http://localhost:3000', PRODUCT_ID)).not.toContain('\n');
  });

  it('logs in and places an order when it is pasted into bash', async () => {
    const [login, order] = await paste();
    expect(login).toMatchObject({
      path: '/api/v1/users/login',
      body: { email: 'customer@souk.example', password: 'correct-horse-battery' },
    });
    expect(order).toMatchObject({
      path: '/api/v1/orders',
      authorization: 'Bearer aaa.bbb-_.ccc',
      body: { items: [{ productId: PRODUCT_ID, quantity: 1 }], paymentMethod: 'tok_ok' },
    });
    expect(order?.idempotencyKey).toMatch(/^[0-9-]{10,60}$/);
  });
});
