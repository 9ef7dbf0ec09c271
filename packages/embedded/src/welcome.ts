import { relative } from 'node:path';
import { DEFAULT_PORTS, type PortName } from './layout.ts';
import type { RunningPlatform } from './platform.ts';

/** Accounts of the demonstration data; everybody knows them. */
export const DEMO_ACCOUNTS = {
  customer: 'customer@souk.example',
  admin: 'admin@souk.example',
  password: 'correct-horse-battery',
} as const;

/** One line of shell that logs in and places an order. It needs curl, sed and nothing else. */
export function orderCommand(gatewayUrl: string, productId: string): string {
  const login = JSON.stringify({ email: DEMO_ACCOUNTS.customer, password: DEMO_ACCOUNTS.password });
  const order = JSON.stringify({
    items: [{ productId, quantity: 1 }],
    shippingAddress: {
      name: 'Ada Lovelace',
      line1: '12 Analytical Way',
      city: 'London',
      postalCode: 'W1A 1AA',
      country: 'GB',
    },
    paymentMethod: 'tok_ok',
  });
  const json = "-H 'Content-Type: application/json'";
  const token = `$(curl -s ${gatewayUrl}/api/v1/users/login ${json} -d '${login}' | sed 's/.*"accessToken":"\\([^"]*\\)".*/\\1/')`;
  return `curl -s ${gatewayUrl}/api/v1/orders ${json} -H "Authorization: Bearer ${token}" -H "Idempotency-Key: $(date +%s)-$$-$RANDOM" -d '${order}'`;
}

async function findProduct(gatewayUrl: string): Promise<string | undefined> {
  try {
    const response = await fetch(`${gatewayUrl}/api/v1/products?inStock=true&limit=1`, {
      signal: AbortSignal.timeout(5_000),
    });
    const { items } = (await response.json()) as { items: { id: string }[] };
    return items[0]?.id;
  } catch {
    return undefined; // an empty shop: there is nothing to order
  }
}

/** What the person who started the platform wants to know. */
export async function welcome(platform: RunningPlatform, startedInMs: number): Promise<string> {
  const { ports, folder } = platform;
  const place = (path: string) => relative(process.cwd(), path) || path;
  const gatewayUrl = `http://localhost:${ports['api-gateway']}`;
  const services = (Object.keys(DEFAULT_PORTS) as PortName[])
    .filter((name) => name !== 'ops')
    .map((name) => `  ${name.padEnd(21)} http://localhost:${ports[name]}`);
  const productId = await findProduct(gatewayUrl);
  const order =
    productId === undefined
      ? []
      : ['', 'Log in and place an order, in another terminal:', '', orderCommand(gatewayUrl, productId)];
  return [
    '',
    `Souk is ready after ${(startedInMs / 1000).toFixed(1)} s.`,
    '',
    ...services,
    '',
    `  API reference         ${gatewayUrl}/docs`,
    `  Mails                 ${place(`${folder}/mail`)}`,
    `  Logs                  ${place(platform.logPlace)}`,
    '',
    `  Customer              ${DEMO_ACCOUNTS.customer}  ${DEMO_ACCOUNTS.password}`,
    `  Administrator         ${DEMO_ACCOUNTS.admin}  ${DEMO_ACCOUNTS.password}`,
    ...order,
    '',
    'Ctrl-C stops it. The data stays; "npm start -- --reset" begins anew.',
    '',
  ].join('\n');
}
