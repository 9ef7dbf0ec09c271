import { POSTGRES_SERVERS, SERVICES, type ServiceName } from '@souk/cdk8s';
import { Customer, type Order } from '../shop.ts';
import { expectThat, type Point } from './checklist.ts';
import { addressOf, containers, inside } from './compose.ts';
import { mailAbout } from './mailbox.ts';

type Env = Record<string, string>;

const HEALTH_CHECKED: readonly ServiceName[] = [
  'api-gateway',
  'user-service',
  'product-service',
  'order-service',
  'payment-service',
];
const LONG_RUNNING = [...Object.keys(SERVICES), ...Object.keys(POSTGRES_SERVERS), 'redis', 'rabbitmq', 'mailpit'];

async function containersAreUp(env: Env): Promise<string> {
  const states = await containers(env);
  for (const name of LONG_RUNNING) {
    const found = states.find(({ Service }) => Service === name);
    expectThat(found !== undefined, `${name} is not there: docker compose -f compose.dev.yaml up -d --wait`);
    expectThat(
      found.State === 'running' && ['', 'healthy'].includes(found.Health),
      `${name} is ${found.State} ${found.Health}`,
    );
  }
  const ended = states.filter(({ Service }) => !LONG_RUNNING.includes(Service));
  for (const { ExitCode, Service, State } of ended)
    expectThat(
      State === 'exited' && ExitCode === 0,
      `${Service} is ${State} with code ${ExitCode}, expected an end with 0`,
    );
  return `${LONG_RUNNING.length} running, ${ended.length} ended well`;
}

async function answersHealth(name: ServiceName, env: Env): Promise<string> {
  const url = `${await addressOf(name, SERVICES[name].port, env)}/health`;
  const response = await fetch(url, { signal: AbortSignal.timeout(5_000) });
  expectThat(response.ok, `${url} answered ${response.status}`);
  return url;
}

async function databasesAccept(): Promise<string> {
  const databases = Object.entries(POSTGRES_SERVERS).flatMap(([server, names]) =>
    names.map((database) => ({ server, database })),
  );
  for (const { database, server } of databases) {
    await inside(server, ['pg_isready', '-q', '-U', 'owner', '-d', database]);
    const ask = (sql: string) => inside(server, ['psql', '-U', 'owner', '-d', database, '-Atc', sql]);
    const encoding = (await ask('SHOW server_encoding')).trim();
    expectThat(encoding === 'UTF8', `${database} is encoded in ${encoding}, expected UTF8`);
    const tables = await ask('SELECT count(*) FROM _prisma_migrations');
    expectThat(Number(tables) > 0, `${database} on ${server} is not migrated`);
  }
  return databases.map(({ database }) => database).join(', ');
}

async function redisAnswers(): Promise<string> {
  const answer = (await inside('redis', ['redis-cli', 'ping'])).trim();
  expectThat(answer === 'PONG', `redis-cli ping answered ${answer}`);
  return answer;
}

async function managementPageAnswers(env: Env): Promise<string> {
  const url = await addressOf('rabbitmq', 15_672, env);
  const page = await fetch(url, { signal: AbortSignal.timeout(5_000) });
  expectThat(page.ok && (await page.text()).includes('RabbitMQ'), `${url} answered ${page.status}`);
  const authorization = `Basic ${Buffer.from('souk:souk').toString('base64')}`;
  const queues = await fetch(`${url}/api/queues`, { headers: { authorization }, signal: AbortSignal.timeout(5_000) });
  expectThat(queues.ok, `${url}/api/queues answered ${queues.status}`);
  return `${url}, ${((await queues.json()) as unknown[]).length} queues`;
}

/** Every call of the model, asked from inside of the caller by the callee's name. */
async function namesLeadToContainers(): Promise<string> {
  const calls = Object.values(SERVICES).flatMap(({ calls, name }) => calls.map((callee) => ({ caller: name, callee })));
  const callers = [...new Set(calls.map(({ caller }) => caller))];
  for (const caller of callers) {
    const urls = calls
      .filter((call) => call.caller === caller)
      .map(({ callee }) => `http://${callee}:${SERVICES[callee].port}/livez`);
    const script = `Promise.all(${JSON.stringify(urls)}.map(async (url) => { const { status } = await fetch(url); if (status !== 200) throw new Error(url + ' ' + status); })).catch((error) => { console.error(String(error.cause ?? error)); process.exit(1); })`;
    await inside(caller, ['/nodejs/bin/node', '-e', script]);
  }
  return `${calls.length} calls`;
}

/** One order from the login to the mail; answers it for later questions. */
export async function orderTravels(env: Env): Promise<Order> {
  const customer = new Customer({ gatewayUrl: await addressOf('api-gateway', 3000, env) }, 'customer@souk.example');
  await customer.logIn();
  const [product] = (await customer.products('?inStock=true&limit=1')).items;
  expectThat(product !== undefined, 'the catalog is empty');
  const placed = await customer.placeOrder({
    items: [{ productId: product.id, quantity: 1 }],
    paymentMethod: 'tok_ok',
  });
  const order = await customer.orderIn('completed', placed.id, 60_000);
  expectThat(order.paymentStatus === 'captured', `its payment is ${order.paymentStatus}, expected captured`);
  return order;
}

/** The eleven points by which one sees that the platform in containers is whole. */
export function composePoints(env: Env = {}): Point[] {
  return [
    { title: 'The containers are up', check: () => containersAreUp(env) },
    ...HEALTH_CHECKED.map((name) => ({ title: `${name} answers /health`, check: () => answersHealth(name, env) })),
    { title: 'PostgreSQL accepts connections to every database', check: databasesAccept },
    { title: 'Redis answers ping', check: redisAnswers },
    { title: "RabbitMQ's management page answers", check: () => managementPageAnswers(env) },
    { title: 'Containers find each other by name', check: namesLeadToContainers },
    {
      title: 'An order triggers payment and notification',
      check: async () => {
        const order = await orderTravels(env);
        const subject = await mailAbout(await addressOf('mailpit', 8025, env), order.id);
        return `order ${order.id} is ${order.status} and ${order.paymentStatus}; mail "${subject}"`;
      },
    },
  ];
}
