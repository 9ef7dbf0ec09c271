import { freePort, isPortFree } from '@souk/postgres-server';
import { portInUse, StartError } from './start-error.ts';

/** Ports of the embedded run, by service; `ops` is the gateway's second one. */
export const DEFAULT_PORTS = {
  'api-gateway': 3000,
  'user-service': 3001,
  'product-service': 8000,
  'order-service': 3003,
  'payment-service': 3004,
  'notification-service': 3005,
  ops: 9464,
} as const;

export type PortName = keyof typeof DEFAULT_PORTS;
export type Ports = Readonly<Record<PortName, number>>;

const PORT_NAMES = Object.keys(DEFAULT_PORTS) as PortName[];

/**
 * The ports to listen on: the usual ones; with `SOUK_PORT_BASE=n` the seven from n on (gateway, user, product, order,
 * payment, notification, operations); with 0 free ones. Throws StartError when one is in use.
 */
export async function choosePorts(portBase: string | undefined): Promise<Ports> {
  if (portBase === undefined || portBase === '') return checkPorts(DEFAULT_PORTS);
  const base = /^\d{1,5}$/.test(portBase) ? Number(portBase) : Number.NaN;
  if (Number.isNaN(base) || base > 65_535 - PORT_NAMES.length) {
    throw new StartError(
      `SOUK_PORT_BASE is not valid: expected 0 to ${65_535 - PORT_NAMES.length}, found "${portBase}".`,
    );
  }
  const numbers = base === 0 ? await freePorts(PORT_NAMES.length) : PORT_NAMES.map((_, index) => base + index);
  const ports = Object.fromEntries(PORT_NAMES.map((name, index) => [name, numbers[index]])) as unknown as Ports;
  return checkPorts(ports);
}

async function freePorts(count: number): Promise<number[]> {
  const found = new Set<number>();
  while (found.size < count) found.add(await freePort());
  return [...found];
}

async function checkPorts(ports: Ports): Promise<Ports> {
  for (const name of PORT_NAMES) {
    if (!(await isPortFree(ports[name]))) {
      throw new StartError(portInUse(ports[name], name === 'ops' ? 'probes and metrics of api-gateway' : name));
    }
  }
  return ports;
}
