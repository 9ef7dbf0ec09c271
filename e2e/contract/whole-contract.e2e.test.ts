import type { ContractCase } from '@souk/http';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { DATABASE_NAMES, type DistributedPlatform, SERVICE_NAMES, startDistributedPlatform } from '../src/index.ts';
import * as accounts from './scenarios/accounts.ts';
import * as catalogue from './scenarios/catalogue.ts';
import { deadLetters } from './scenarios/dead-letters.ts';
import * as orders from './scenarios/orders.ts';
import * as payments from './scenarios/payments.ts';
import { type Door, Subject } from './subject.ts';
import { BY_NO_REQUEST, EXAMPLES_NOT_SENT, NOT_HERE, UNKNOWN_ID_ALLOWED } from './unprovoked.ts';

// Every operation that the documents name, through the gateway by the joined one and at each service by its own: what it
// answers when all is well, and every refusal that a request can provoke. Each answer is held against the document.

let platform: DistributedPlatform;
beforeAll(async () => {
  platform = await startDistributedPlatform();
});
afterAll(() => platform?.stop());

const gateway = (): Door[] => [{ service: 'api-gateway', base: platform.gatewayUrl }];
const services = (): Door[] =>
  SERVICE_NAMES.filter((service) => service in DATABASE_NAMES).map((service) => ({
    service,
    base: platform.serviceUrl(service),
  }));

describe.each([
  ['through the gateway', gateway, 1_000],
  ['at each service', services, 1_000],
] as const)('the whole contract, %s', (_where, doors, casesMin) => {
  let subject: Subject;
  beforeAll(async () => {
    subject = await Subject.at(doors(), platform.internalSecret);
    subject.cast.admin = await accounts.theAdministrator(subject);
    subject.cast.customer = await accounts.aPerson(subject);
    subject.cast.stranger = await accounts.aPerson(subject);
  });

  it('has accounts', () => accounts.accounts(subject));
  it('has addresses', () => accounts.addresses(subject));
  it('has sessions', () => accounts.sessions(subject));
  it('has a way back in', () => accounts.forgottenPassword(subject, platform));
  it('has administrators', () => accounts.administration(subject));
  it('has categories', () => catalogue.categories(subject));
  it('has products', () => catalogue.products(subject));
  it('has an inventory', () => catalogue.inventory(subject));
  it('has a cart', () => orders.cart(subject));
  it('takes orders', () => orders.ordering(subject));
  it('takes orders that meet', () => orders.orderingAtOnce(subject, platform));
  it('shows orders', () => orders.readingOrders(subject));
  it('changes, ships and cancels orders', () => orders.changingOrders(subject));
  it('takes payments', () => payments.paying(subject, platform));
  it('gives money back', () => payments.refunding(subject, platform));
  it('has no door for another provider', () => payments.webhooks(subject));
  it('has dead letters', () => deadLetters(subject, platform));
  it('has doors for services alone', async () => {
    if (!subject.has('getJwks'))
      return expect(subject.documented().filter((each) => each.includes('Jwks'))).toEqual([]);
    await accounts.verification(subject);
    await catalogue.behindTheGateway(subject);
    await orders.ordersForServices(subject);
    await payments.theLedger(subject);
  });

  it('refuses what its documents say it refuses', async () => {
    const { cases, failures } = await subject.sendRefusals({
      objects: await objectsOf(subject),
      unknownIdAllowed: UNKNOWN_ID_ALLOWED,
    });
    expect(failures).toEqual([]);
    expect(cases.length).toBeGreaterThan(casesMin);
    const operations = new Set(cases.map(({ operationId }: ContractCase) => operationId));
    expect(operations).toEqual(new Set(subject.documented().map((outcome) => outcome.split(' ')[0])));
  }, 300_000);

  it('has answered everything that the documents say, or somebody says why not', () => {
    const isExcused = (outcome: string) => outcome in NOT_HERE || (outcome.split(' ')[1] ?? '') in BY_NO_REQUEST;
    const missing = subject.documented().filter((outcome) => !subject.provoked.has(outcome) && !isExcused(outcome));
    expect(missing).toEqual([]);
    // An excuse for what happens, or for what no document says, is none.
    const stale = Object.keys(NOT_HERE).filter(
      (outcome) => subject.provoked.has(outcome) || !subject.documented().includes(outcome),
    );
    expect(stale).toEqual([]);
  });

  it('takes every example of its documents', () => {
    const missing = subject.examples().filter((id) => !subject.examplesTaken.has(id) && !(id in EXAMPLES_NOT_SENT));
    expect(missing).toEqual([]);
  });
});

/** Things of the customer's, by path template, for the refusals that need one that exists. */
async function objectsOf(subject: Subject): Promise<Record<string, string>> {
  const order = (await orders.aCompletedOrder(subject)).body.id;
  const payment = (await payments.paymentOf(subject, order)).id;
  const address = (await subject.ask('addAddress', 201, { change: {} })).body.id;
  const session = (await subject.ask('listSessions', 200)).body.items[0]?.id ?? '';
  const product = (await catalogue.aProduct(subject)).body.id;
  const category = (await catalogue.aCategory(subject)).body.slug;
  const user = subject.cast.customer?.id ?? '';
  const at = (template: string, id: string, ...rest: string[]) =>
    ['', ...rest].map((end) => [`${template}${end}`, `${template.replace(/\{\w+\}$/, id)}${end}`] as const);
  return Object.fromEntries([
    ...at('/api/v1/orders/{id}', order, '/cancel', '/events', '/ship', '/deliver'),
    ...at('/api/v1/payments/{id}', payment, '/refunds'),
    ...at('/api/v1/users/me/addresses/{id}', address),
    ...at('/api/v1/users/me/sessions/{id}', session),
    ...at('/api/v1/users/{id}', user),
    ...at('/api/v1/products/{id}', product, '/inventory', '/inventory/adjustments', '/inventory/movements'),
    ...at('/api/v1/categories/{slug}', category),
  ]);
}
