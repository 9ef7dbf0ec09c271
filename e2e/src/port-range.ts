import { freePort, isPortFree } from '@souk/postgres-server';

const HIGHEST = 65_000;

/** The first of `count` ports in a row that are free. */
export async function freePortRange(count: number): Promise<number> {
  for (;;) {
    const first = Math.min(await freePort(), HIGHEST);
    const ports = Array.from({ length: count }, (_, offset) => first + offset);
    const free = await Promise.all(ports.map((port) => isPortFree(port)));
    if (free.every((isFree) => isFree)) return first;
  }
}
