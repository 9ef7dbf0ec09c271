// Generates packages/contracts/asyncapi.json, AsyncAPI 3.0, from the schemas that validate the events.
// `node tools/asyncapi.mjs [--check]`
import { tsImport } from 'tsx/esm/api';
import { toJson, writeOrCheck } from './checked-in.mjs';

const PATH = 'packages/contracts/asyncapi.json';

/** `order.created` → `orderCreated`: component keys may not contain everything that a routing key may. */
function keyOf(type) {
  return type.replaceAll(/[._]([a-z])/g, (_, letter) => letter.toUpperCase());
}

const text = (description, more = {}) => ({ type: 'string', description, ...more });

/** The CloudEvents attributes of a message of this type; RFC 3339 and W3C Trace Context where they apply. */
function envelopeSchema(type, contracts, dataSchema) {
  const { EVENTS, EVENT_VERSION } = contracts;
  return {
    type: 'object',
    required: ['specversion', 'id', 'source', 'type', 'subject', 'time', 'datacontenttype', 'dataschema', 'data'],
    properties: {
      specversion: { const: '1.0' },
      id: text('UUIDv7; the same in every delivery and redelivery', { format: 'uuid' }),
      source: { const: `/${EVENTS[type].producer}` },
      type: { const: type },
      subject: text('Id of the aggregate; the order of order.* and payment.*'),
      time: text('When it happened', { format: 'date-time' }),
      datacontenttype: { const: 'application/json' },
      dataschema: { const: `/schemas/${type}/v${EVENT_VERSION}` },
      sequence: text('Version of the aggregate, decimal; a consumer skips what is not newer', {
        pattern: '^\\d{1,10}$',
      }),
      traceparent: text('W3C Trace Context of the request that caused it'),
      redrive: text('Present when a sweep publishes the event again: a consumer repeats its own last event'),
      data: dataSchema,
    },
  };
}

function messageOf(type, contracts) {
  const { EVENTS, EVENT_CONTENT_TYPE } = contracts;
  const { producer, consumers, summary } = EVENTS[type];
  return {
    name: type,
    title: type,
    summary,
    description: `Published by ${producer}; consumed by ${consumers.length === 0 ? 'nobody yet' : consumers.join(', ')}.`,
    contentType: EVENT_CONTENT_TYPE,
    headers: { $ref: '#/components/schemas/headers' },
    payload: { $ref: `#/components/schemas/${keyOf(type)}` },
    correlationId: { location: '$message.header#/correlation-id', description: 'The order id, where there is one' },
    bindings: { amqp: { contentEncoding: 'utf-8', messageType: type, bindingVersion: '0.3.0' } },
  };
}

function channels({ EVENTS, EXCHANGE, QUEUES }) {
  const exchange = { name: EXCHANGE, type: 'topic', durable: true, autoDelete: false };
  const published = Object.keys(EVENTS).map((type) => [
    keyOf(type),
    {
      address: type,
      description: `Routing key ${type} of the exchange ${EXCHANGE}`,
      messages: { [keyOf(type)]: { $ref: `#/components/messages/${keyOf(type)}` } },
      bindings: { amqp: { is: 'routingKey', exchange, bindingVersion: '0.3.0' } },
    },
  ]);
  const consumed = QUEUES.map(({ service, queue, bindings }) => [
    keyOf(queue.replaceAll('-', '_')),
    {
      address: queue,
      description: `Queue of ${service}, bound to ${bindings.join(', ')}`,
      messages: Object.fromEntries(
        bindings.map((type) => [keyOf(type), { $ref: `#/components/messages/${keyOf(type)}` }]),
      ),
      bindings: {
        amqp: {
          is: 'queue',
          queue: { name: queue, durable: true, exclusive: false, autoDelete: false },
          bindingVersion: '0.3.0',
        },
      },
    },
  ]);
  return Object.fromEntries([...published, ...consumed]);
}

function operations({ EVENTS, QUEUES }) {
  const send = Object.entries(EVENTS).map(([type, { producer, summary }]) => [
    `send${keyOf(`.${type}`)}`,
    { action: 'send', channel: { $ref: `#/channels/${keyOf(type)}` }, summary: `${summary} (${producer})` },
  ]);
  const receive = QUEUES.map(({ service, queue }) => [
    `receive${keyOf(`_${service.replaceAll('-', '_')}`)}`,
    {
      action: 'receive',
      channel: { $ref: `#/channels/${keyOf(queue.replaceAll('-', '_'))}` },
      summary: `What ${service} consumes`,
    },
  ]);
  return Object.fromEntries([...send, ...receive]);
}

const HEADERS = {
  type: 'object',
  properties: {
    traceparent: text('W3C Trace Context'),
    'x-attempt': { type: 'integer', minimum: 1, description: 'Number of this attempt; absent before the first retry' },
    'x-dead-letter-reason': text('Why the message is a dead letter; on dead letters only'),
  },
};

/** The document, from the contracts package and zod's JSON Schema of the data. */
export function createAsyncApi(contracts, toJsonSchema) {
  const types = Object.keys(contracts.EVENTS);
  const schemas = types.map((type) => {
    const { $schema: _, ...dataSchema } = toJsonSchema(contracts.eventDataSchemas[type]);
    // Consumers ignore what they do not know, so that additive changes keep the version.
    return [keyOf(type), envelopeSchema(type, contracts, openObjects(dataSchema))];
  });
  return {
    asyncapi: '3.0.0',
    info: {
      title: 'Souk events',
      version: `${contracts.EVENT_VERSION}.0.0`,
      description:
        'Facts that the services of Souk tell each other: CloudEvents 1.0 documents in structured mode, persistent, ' +
        'through one topic exchange. Additive changes keep the version; consumers ignore unknown fields.',
      license: { name: 'MIT' },
    },
    defaultContentType: contracts.EVENT_CONTENT_TYPE,
    servers: { broker: { host: 'rabbitmq:5672', protocol: 'amqp', description: 'RabbitMQ, AMQP 0-9-1' } },
    channels: channels(contracts),
    operations: operations(contracts),
    components: {
      messages: Object.fromEntries(types.map((type) => [keyOf(type), messageOf(type, contracts)])),
      schemas: { headers: HEADERS, ...Object.fromEntries(schemas) },
    },
  };
}

function openObjects(schema) {
  if (Array.isArray(schema)) return schema.map(openObjects);
  if (schema === null || typeof schema !== 'object') return schema;
  const entries = Object.entries(schema).filter(([key, value]) => !(key === 'additionalProperties' && value === false));
  return Object.fromEntries(entries.map(([key, value]) => [key, openObjects(value)]));
}

export async function generateAsyncApi() {
  const contracts = await tsImport('../packages/contracts/src/index.ts', import.meta.url);
  const { z } = await import('zod');
  return createAsyncApi(contracts, (schema) => z.toJSONSchema(schema, { io: 'output', unrepresentable: 'any' }));
}

if (process.argv[1] === new URL(import.meta.url).pathname) {
  const files = { [PATH]: toJson(await generateAsyncApi()) };
  const ok = writeOrCheck(files, { check: process.argv.includes('--check'), command: 'node tools/asyncapi.mjs' });
  process.exitCode = ok ? 0 : 1;
}
