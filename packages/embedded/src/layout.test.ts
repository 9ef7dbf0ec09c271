import { createServer } from 'node:net';
import { describe, expect, it } from 'vitest';
import { choosePorts, DEFAULT_PORTS } from './layout.ts';

const isFree = (port: number) =>
  new Promise<boolean>((resolve) => {
    const server = createServer()
      .once('error', () => resolve(false))
      .listen(port, '127.0.0.1', () => server.close(() => resolve(true)));
  });

/** Seven free ports in a row, below those that systems give to outgoing connections: no other test takes one of them. */
async function freeBase(): Promise<number> {
  for (let tries = 0; tries < 100; tries += 1) {
    const base = 12_000 + 10 * Math.floor(Math.random() * 1_800);
    const free = await Promise.all([0, 1, 2, 3, 4, 5, 6].map((offset) => isFree(base + offset)));
    if (free.every(Boolean)) return base;
  }
  return expect.unreachable('no seven free ports in a row');
}

describe('the ports of the one-process run', () => {
  it('follow each other from a base', async () => {
    const base = await freeBase();
    const ports = await choosePorts(String(base));
    expect(Object.keys(ports)).toEqual(Object.keys(DEFAULT_PORTS));
    expect(Object.values(ports)).toEqual([0, 1, 2, 3, 4, 5, 6].map((offset) => base + offset));
  });

  it('are free ones with base 0', async () => {
    const ports = Object.values(await choosePorts('0'));
    expect(new Set(ports).size).toBe(7);
  });

  it('are refused in a sentence when one is in use', async () => {
    const base = await freeBase();
    const server = createServer();
    await new Promise<void>((resolve) => server.listen(base + 3, '127.0.0.1', () => resolve()));
    await expect(choosePorts(String(base))).rejects.toThrow(
      `Port ${base + 3} (order-service) is in use: stop what listens there, or choose other ports with SOUK_PORT_BASE=4000 npm start.`,
    );
    server.close();
  });

  it.each(['abc', '-1', '65535', '3000.5', '1e3'])('are refused with the base %s', async (base) => {
    await expect(choosePorts(base)).rejects.toThrow(/SOUK_PORT_BASE is not valid/);
  });
});
