// npm run test:compose: builds, starts on moved ports, verifies, stops, starts again on the same data, removes all.
import { Customer, type Order } from '../shop.ts';
import { expectThat, type Point, runChecklist } from './checklist.ts';
import { addressOf, compose, containers } from './compose.ts';
import { composePoints, orderTravels } from './compose-points.ts';
import { rebuildPoint } from './rebuild-point.ts';

/** Moved away from the ports that somebody may use at the same time, which also shows that they can be moved. */
const PORTS: Record<string, string> = {
  GATEWAY_PORT: '13000',
  USER_SERVICE_PORT: '13001',
  PRODUCT_SERVICE_PORT: '18000',
  ORDER_SERVICE_PORT: '13003',
  PAYMENT_SERVICE_PORT: '13004',
  NOTIFICATION_SERVICE_PORT: '13005',
  POSTGRES_USERS_PORT: '15431',
  POSTGRES_PRODUCTS_PORT: '15432',
  POSTGRES_ORDERS_PORT: '15433',
  POSTGRES_PAYMENTS_PORT: '15434',
  REDIS_PORT: '16379',
  RABBITMQ_PORT: '25672',
  RABBITMQ_MANAGEMENT_PORT: '25673',
  MAIL_PORT: '18025',
};

const UP_MS = 300_000;
const BUILD_MS = 900_000;

async function start(): Promise<string> {
  const startedAt = performance.now();
  await compose(['up', '-d', '--wait'], PORTS, UP_MS);
  return `all healthy after ${Math.round((performance.now() - startedAt) / 1000)} s`;
}

let kept: Order | undefined;

const points: Point[] = [
  {
    title: 'The images are built',
    check: async () => {
      await compose(['build', '-q'], PORTS, BUILD_MS);
      return undefined;
    },
  },
  rebuildPoint,
  { title: 'The platform starts from nothing', check: start },
  ...composePoints(PORTS),
  {
    title: 'An order is placed before everything stops',
    check: async () => {
      kept = await orderTravels(PORTS);
      return kept.id;
    },
  },
  {
    title: 'The containers are removed, their volumes stay',
    check: async () => {
      await compose(['down'], PORTS);
      return undefined;
    },
  },
  { title: 'The platform starts again', check: start },
  {
    title: 'The order and the account are still there',
    check: async () => {
      const customer = new Customer(
        { gatewayUrl: await addressOf('api-gateway', 3000, PORTS) },
        'customer@souk.example',
      );
      await customer.logIn();
      const order = await customer.order(kept?.id ?? '');
      expectThat(order.status === 'completed', `the order is ${order.status}`);
      return undefined;
    },
  },
];

if ((await containers(PORTS)).length > 0) {
  console.error('The platform runs already: stop it first with docker compose -f compose.dev.yaml down');
  process.exit(2);
}
try {
  const ok = await runChecklist('The platform in containers, from nothing and again', points, { stopAtFirst: true });
  process.exitCode = ok ? 0 : 1;
} finally {
  await compose(['down', '--volumes', '--remove-orphans'], PORTS).catch((error: unknown) => console.error(error));
}
