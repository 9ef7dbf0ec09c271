import { randomInt } from 'node:crypto';
import { isPortFree } from '@souk/postgres-server';

// Below the ports that systems give to outgoing connections: one of those would take a port before its service starts.
const LOWEST = 12_000;
const HIGHEST = 32_000;

/** The first of `count` ports in a row that are free. */
export async function freePortRange(count: number): Promise<number> {
  for (;;) {
    const first = randomInt(LOWEST, HIGHEST - count);
    const ports = Array.from({ length: count }, (_, offset) => first + offset);
    const free = await Promise.all(ports.map((port) => isPortFree(port)));
    if (free.every((isFree) => isFree)) return first;
  }
}
