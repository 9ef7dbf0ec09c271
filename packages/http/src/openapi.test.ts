import { describe, expect, test } from 'vitest';
import { z } from 'zod';
import { createOpenApiDocument } from './openapi.ts';
import { pageQuery, pageSchema } from './page.ts';
import { reply } from './reply.ts';
import { defineRoute, type RouteDefinition } from './route.ts';
import { moneySchemaApi, pathIdSchema } from './schemas.ts';

const item = z
  .object({ name: z.string(), price: moneySchemaApi })
  .meta({ id: 'Item', description: 'A thing for sale' });
const order = z
  .object({ items: z.array(item), note: z.string().nullable(), at: z.iso.datetime() })
  .meta({ id: 'Order' });
const line = z.strictObject({ sku: z.string().max(5), quantity: z.int().min(1).default(1) }).meta({ id: 'Line' });

const base = { tags: ['orders'], summary: 'An order', access: 'user', problems: ['out-of-stock'] } as const;
const handler = () => reply.noContent();

function documentOf(...routes: RouteDefinition[]) {
  return createOpenApiDocument({
    service: 'order-service',
    routes,
    openApi: { title: 'Orders', description: 'Orders' },
  });
}

function operationOf(route: RouteDefinition) {
  const document = documentOf(route);
  const operation = document.paths[route.path]?.[route.method.toLowerCase()];
  return {
    document,
    operation: operation as {
      parameters: { name: string }[];
      requestBody: unknown;
      responses: Record<string, unknown>;
    },
  };
}

describe('the document', () => {
  test('names schemas once and refers to them', () => {
    const { document, operation } = operationOf(
      defineRoute({
        ...base,
        method: 'GET',
        path: '/api/v1/orders',
        operationId: 'listOrders',
        query: z.strictObject({ ...pageQuery, status: z.enum(['open', 'done']).optional().describe('Only these') }),
        responses: { 200: { description: 'Orders', schema: pageSchema(order) } },
        handler,
      }),
    );
    const schemas = document.components.schemas as Record<string, Record<string, never>>;
    expect(Object.keys(schemas)).toEqual(['Item', 'Money', 'Order', 'Problem']);
    expect(schemas.Order?.properties).toMatchObject({ items: { items: { $ref: '#/components/schemas/Item' } } });
    expect(schemas.Item).not.toHaveProperty('additionalProperties');
    expect(operation.parameters).toEqual([
      {
        name: 'limit',
        in: 'query',
        required: false,
        description: 'How many at most; 20 when left out',
        schema: { type: 'integer', minimum: 1, maximum: 100 },
      },
      {
        name: 'cursor',
        in: 'query',
        required: false,
        description: 'The nextCursor of the page before',
        schema: { type: 'string', minLength: 1, maxLength: 1024 },
      },
      {
        name: 'status',
        in: 'query',
        required: false,
        description: 'Only these',
        schema: { type: 'string', enum: ['open', 'done'] },
      },
    ]);
    expect(JSON.stringify(document)).not.toContain('$defs');
  });

  test('keeps a schema of one name apart as request and as answer', () => {
    const { document, operation } = operationOf(
      defineRoute({
        ...base,
        method: 'POST',
        path: '/api/v1/orders/{id}/lines',
        operationId: 'addLine',
        params: pathIdSchema,
        body: line,
        bodyExample: { sku: 'A' },
        idempotencyKey: true,
        ifMatch: true,
        responses: {
          201: {
            description: 'The line',
            schema: line,
            headers: { Location: 'Its path' },
            example: { sku: 'A', quantity: 1 },
          },
        },
        handler,
      }),
    );
    const schemas = document.components.schemas as Record<string, Record<string, never>>;
    expect(schemas.Line?.additionalProperties).toBe(false);
    expect(schemas.Line?.required).toEqual(['sku']);
    expect(schemas.LineOutput?.required).toEqual(['sku', 'quantity']);
    expect(operation.requestBody).toMatchObject({
      required: true,
      content: { 'application/json': { schema: { $ref: '#/components/schemas/Line' }, example: { sku: 'A' } } },
    });
    const names = operation.parameters.map((parameter) => parameter.name);
    expect(names).toEqual(['id', 'Idempotency-Key', 'If-Match']);
    expect(Object.keys(operation.responses)).toEqual([
      '201',
      '400',
      '401',
      '404',
      '409',
      '412',
      '413',
      '415',
      '422',
      '428',
      '429',
      '500',
      '503',
    ]);
    expect(operation.responses['201']).toMatchObject({ headers: { Location: { description: 'Its path' } } });
    expect(operation.responses['409']).toMatchObject({
      content: {
        'application/problem+json': {
          examples: { 'out-of-stock': { value: { status: 409, type: '/problems/out-of-stock' } } },
        },
      },
    });
  });

  test('says who may call, and shows streams and conditional reads', () => {
    const stream = { description: 'Events', contentType: 'text/event-stream' };
    const etag = { description: 'The order', schema: order, headers: { ETag: 'Its version' } };
    const common = { ...base, method: 'GET', path: '/x', operationId: 'x', handler } as const;
    expect(
      operationOf(defineRoute({ ...common, access: 'anyone', responses: { 200: stream } })).operation,
    ).toMatchObject({
      security: [],
      responses: { 200: { content: { 'text/event-stream': {} } } },
    });
    expect(
      operationOf(defineRoute({ ...common, access: 'service', responses: { 200: etag } })).operation,
    ).toMatchObject({
      security: [{ serviceToken: [] }],
      parameters: [{ name: 'If-None-Match', required: false }],
      responses: { 304: { description: 'Unchanged since If-None-Match' } },
    });
    const admin = operationOf(
      defineRoute({ ...common, access: 'admin', description: 'Long', responses: { 200: etag } }),
    ).operation;
    expect(admin).toMatchObject({ security: [{ accessToken: [] }], description: 'Long', responses: { 403: {} } });
  });

  test('refuses an example that is not true', () => {
    const wrong = defineRoute({
      ...base,
      method: 'POST',
      path: '/x',
      operationId: 'x',
      body: line,
      bodyExample: { sku: 'too long' },
      responses: { 201: { description: '' } },
      handler,
    });
    expect(() => documentOf(wrong)).toThrow('the example for the body of POST /x breaks its schema');
  });
});
