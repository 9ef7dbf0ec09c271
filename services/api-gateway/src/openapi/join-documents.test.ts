import type { OpenApiDocument } from '@souk/http';
import { describe, expect, it } from 'vitest';
import { joinDocuments } from './join-documents.ts';

const documentOf = (parts: Partial<OpenApiDocument>): OpenApiDocument => ({
  openapi: '3.1.0',
  info: { title: 'one', version: '1' },
  paths: {},
  components: {},
  ...parts,
});

const operation = (operationId: string, schema: string, security: unknown[] = []) => ({
  operationId,
  tags: ['things'],
  security,
  responses: { '200': { description: 'ok', content: { 'application/json': { schema: { $ref: schema } } } } },
});

const joined = joinDocuments([
  {
    service: 'order-service',
    document: documentOf({
      paths: {
        '/api/v1/orders': { get: operation('list', '#/components/schemas/Thing', [{ accessToken: [] }]) },
        '/internal/orders/{id}': { get: operation('internal', '#/components/schemas/Internal') },
      },
      components: {
        schemas: {
          Thing: { type: 'object', properties: { price: { $ref: '#/components/schemas/Money' } } },
          Money: { type: 'object' },
          Internal: { type: 'object' },
        },
      },
    }),
  },
  {
    service: 'payment-service',
    document: documentOf({
      paths: { '/api/v1/payments': { get: operation('list', '#/components/schemas/Thing') } },
      components: { schemas: { Thing: { type: 'string' }, Money: { type: 'object' } } },
    }),
  },
]);

describe('the joined OpenAPI document', () => {
  it('has the public paths of all services and no internal one, nor what only those use', () => {
    expect(Object.keys(joined.paths)).toEqual(['/api/v1/orders', '/api/v1/payments']);
    expect(JSON.stringify(joined)).not.toMatch(/internal|Internal|serviceToken/);
  });

  it('keeps the schemas that are used through others, and tells namesakes apart', () => {
    expect(Object.keys(joined.components.schemas ?? {})).toEqual(['Money', 'PaymentServiceThing', 'Thing']);
    expect(JSON.stringify(joined.paths['/api/v1/payments'])).toContain('#/components/schemas/PaymentServiceThing');
  });

  it('has one operation id for each operation and says what each needs', () => {
    expect(joined.paths['/api/v1/orders']?.get).toMatchObject({ operationId: 'list', security: [{ accessToken: [] }] });
    expect(joined.paths['/api/v1/payments']?.get).toMatchObject({ operationId: 'listOfPaymentService', security: [] });
  });

  it('adds what the gateway itself answers', () => {
    const list = joined.paths['/api/v1/orders']?.get as Record<string, object> | undefined;
    expect(Object.keys(list?.responses ?? {})).toEqual(['200', '429', '502', '503', '504']);
  });
});
