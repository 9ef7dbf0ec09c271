import * as contracts from '@souk/contracts';
import { EVENTS, eventDataSchemas, QUEUES } from '@souk/contracts';
import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { createAsyncApi } from './asyncapi.mjs';
import { renderEnvironment } from './environment.mjs';

describe('the AsyncAPI document', () => {
  const document = createAsyncApi(contracts, (schema: z.ZodType) => z.toJSONSchema(schema));
  const channels = Object.values(document.channels) as { address: string; messages: object }[];

  it('has a channel for each event and each queue', () => {
    const addresses = channels.map(({ address }) => address).sort();
    expect(addresses).toEqual([...Object.keys(EVENTS), ...QUEUES.map(({ queue }) => queue)].sort());
  });

  it('says for each queue what comes through it', () => {
    for (const { queue, bindings } of QUEUES) {
      const channel = channels.find(({ address }) => address === queue);
      expect(Object.keys(channel?.messages ?? {})).toHaveLength(bindings.length);
    }
  });

  it('refers to nothing that is not there', () => {
    const references = [...JSON.stringify(document).matchAll(/"\$ref":"#\/([^"]+)"/g)].map(([, path]) => path ?? '');
    expect(references.length).toBeGreaterThan(Object.keys(EVENTS).length);
    for (const path of references) {
      const target = path.split('/').reduce<unknown>((node, key) => (node as Record<string, unknown>)?.[key], document);
      expect(target, path).toBeDefined();
    }
  });

  it('describes the data of each event by the schema that validates it', () => {
    const { orderCreated } = document.components.schemas as Record<
      string,
      { properties: { data: { required: string[] } } }
    >;
    const required = Object.entries(eventDataSchemas['order.created'].shape).flatMap(([name, schema]) =>
      schema.safeParse(undefined).success ? [] : [name],
    );
    expect(orderCreated?.properties.data.required.sort()).toEqual(required.sort());
  });
});

describe('the reference of environment variables', () => {
  const row = (variable: string, more: object = {}) => ({
    variable,
    kind: 'integer',
    required: false,
    secret: false,
    default: '1',
    limits: '1 to 2 ms',
    description: 'either a | or b',
    ...more,
  });

  it('names each variable once, with everybody who reads it', () => {
    const text = renderEnvironment(
      new Map([
        ['first-service', [row('B'), row('A', { required: true, default: '' })]],
        ['second-service', [row('B'), row('C', { secret: true, limits: '' })]],
      ]),
    );
    const lines = text.split('\n').filter((line: string) => line.startsWith('| `'));
    expect(lines).toEqual([
      '| `A` | first-service | required | integer: 1 to 2 ms | either a \\| or b |',
      '| `B` | all | `1` | integer: 1 to 2 ms | either a \\| or b |',
      '| `C` | second-service | `1` | secret | either a \\| or b |',
    ]);
  });

  it('says whose default is whose where they differ', () => {
    const text = renderEnvironment(
      new Map([
        ['first-service', [row('PORT', { default: '3001' })]],
        ['second-service', [row('PORT', { default: '3002' })]],
      ]),
    );
    expect(text).toContain('first `3001`<br>second `3002`');
  });
});
