import { isUtf8 } from 'node:buffer';
import { Refusal } from '@souk/contracts';
import {
  createCursorCodec,
  defineRoute,
  page,
  pageQuery,
  pageSchema,
  pathIdSchema,
  type RouteDefinition,
  reply,
} from '@souk/http';
import type { Broker } from '@souk/messaging';
import type { Logger, Pool } from '@souk/service-runtime';
import { z } from 'zod';
import {
  type DeadLetter,
  type DeadLetterMessage,
  deleteDeadLetter,
  findDeadLetter,
  listDeadLetters,
  redriveAllDeadLetters,
  redriveDeadLetter,
} from './dead-letters.ts';

export interface DeadLetterRoutesOptions {
  service: string;
  pool: Pool;
  broker: Broker;
  logger: Logger;
  /** Signs the cursors of the list. */
  cursorSecret: string;
}

const summarySchema = z
  .object({
    id: z.string(),
    messageId: z.string().nullable(),
    type: z.string().nullable(),
    orderId: z.string().nullable(),
    reason: z.string(),
    attempts: z.int(),
    deadLetteredAt: z.string(),
  })
  .meta({ id: 'DeadLetter' });

const messageSchema = summarySchema
  .extend({
    message: z.object({
      contentType: z.string().nullable(),
      headers: z.record(z.string(), z.unknown()),
      encoding: z.enum(['utf8', 'base64']),
      body: z.string(),
    }),
  })
  .meta({ id: 'DeadLetterMessage' });

const redrivenSchema = z.object({ redriven: z.int() }).meta({ id: 'Redriven' });

const SUMMARY_EXAMPLE = {
  id: '019ab000-0000-7000-8000-000000000009',
  messageId: '019ab000-0000-7000-8000-000000000008',
  type: 'order.completed',
  orderId: '019ab000-0000-7000-8000-000000000001',
  reason: 'unexpected version',
  attempts: 1,
  deadLetteredAt: '2026-11-22T12:00:00.000Z',
};

const MESSAGE_EXAMPLE = {
  ...SUMMARY_EXAMPLE,
  message: {
    contentType: 'application/cloudevents+json',
    headers: { 'x-dead-letter-reason': 'unexpected version' },
    encoding: 'utf8',
    body: '{"specversion":"1.0","type":"order.completed","dataschema":"/schemas/order.completed/v9","data":{}}',
  },
};

const RETRY_AFTER_SECONDS = 5;

/** The operations API of one service: its dead letters, for administrators. Each change leaves an audit line. */
export function deadLetterRoutes(options: DeadLetterRoutesOptions): RouteDefinition[] {
  const { service } = options;
  const base = `/api/v1/operations/${service}/dead-letters`;
  const shared = { access: 'admin', tags: ['operations'], problems: [] } as const;
  // Unique in the joined document of all services: listOrderServiceDeadLetters.
  const owner = service.replace(/(?:^|-)([a-z])/g, (_, letter: string) => letter.toUpperCase());
  const operationId = (verb: string, noun: string) => `${verb}${owner}${noun}`;
  const parts: RouteParts = { base, shared, operationId };
  return [...readRoutes(options, parts), ...writeRoutes(options, parts)];
}

interface RouteParts {
  base: string;
  operationId: (verb: string, noun: string) => string;
  shared: { access: 'admin'; tags: readonly string[]; problems: readonly [] };
}

function readRoutes(
  { cursorSecret, pool, service }: DeadLetterRoutesOptions,
  { base, operationId, shared }: RouteParts,
): RouteDefinition[] {
  const cursors = createCursorCodec({ secret: cursorSecret, scope: `dead-letters ${service}` });
  return [
    defineRoute({
      ...shared,
      method: 'GET',
      path: base,
      operationId: operationId('list', 'DeadLetters'),
      summary: `Messages that ${service} has given up`,
      query: z.strictObject(pageQuery),
      responses: {
        200: {
          description: 'Newest first',
          schema: pageSchema(summarySchema),
          example: { items: [SUMMARY_EXAMPLE], nextCursor: null, total: 1 },
        },
      },
      handler: async ({ query }) => {
        const [before] = query.cursor === undefined ? [] : cursors.decode(query.cursor);
        const { items, total } = await listDeadLetters(pool, {
          limit: query.limit + 1,
          before: before === undefined ? undefined : String(before),
        });
        const { limit } = query;
        return reply.ok(
          page({ rows: items, limit, total, toItem: toSummary, cursorOf: (row) => cursors.encode([row.id]) }),
        );
      },
    }),
    defineRoute({
      ...shared,
      method: 'GET',
      path: `${base}/{id}`,
      operationId: operationId('get', 'DeadLetter'),
      summary: 'One dead letter with the whole message',
      params: pathIdSchema,
      responses: { 200: { description: 'The dead letter', schema: messageSchema, example: MESSAGE_EXAMPLE } },
      problems: ['not-found'],
      handler: async ({ params }) => reply.ok(toMessageBody(await getDeadLetter(pool, params.id))),
    }),
  ];
}

function writeRoutes(options: DeadLetterRoutesOptions, { base, operationId, shared }: RouteParts): RouteDefinition[] {
  const { broker, logger, pool, service } = options;
  const audit = (action: string, adminId: string, fields: object) =>
    logger.info({ audit: true, action, adminId, ...fields }, 'Changed dead letters');
  const redriven = {
    202: { description: 'Published to the queue again', schema: redrivenSchema, example: { redriven: 1 } },
  };
  return [
    defineRoute({
      ...shared,
      method: 'POST',
      path: `${base}/redrive`,
      operationId: operationId('redrive', 'DeadLetters'),
      summary: 'Publishes all dead letters to the queue again',
      responses: redriven,
      problems: ['unavailable'],
      handler: async ({ caller }) => {
        const count = await redriveAllDeadLetters(pool, { service, broker, redrivenBy: caller.userId });
        audit('redrive-all', caller.userId, { redriven: count });
        const left = count === 0 ? (await listDeadLetters(pool, { limit: 1 })).total : 0;
        if (left > 0) throw notConfirmed();
        return reply.accepted({ redriven: count });
      },
    }),
    defineRoute({
      ...shared,
      method: 'POST',
      path: `${base}/{id}/redrive`,
      operationId: operationId('redrive', 'DeadLetter'),
      summary: 'Publishes one dead letter to the queue again, with its original id',
      params: pathIdSchema,
      responses: redriven,
      problems: ['not-found', 'unavailable'],
      handler: async ({ caller, params }) => {
        const letter = await getDeadLetter(pool, params.id);
        const confirmed = await redriveDeadLetter(pool, letter, { service, broker, redrivenBy: caller.userId });
        if (!confirmed) throw notConfirmed();
        audit('redrive', caller.userId, { deadLetterId: letter.id, messageId: letter.messageId });
        return reply.accepted({ redriven: 1 });
      },
    }),
    defineRoute({
      ...shared,
      method: 'DELETE',
      path: `${base}/{id}`,
      operationId: operationId('delete', 'DeadLetter'),
      summary: 'Drops a dead letter for good',
      params: pathIdSchema,
      responses: { 204: { description: 'Deleted' } },
      problems: ['not-found'],
      handler: async ({ caller, params }) => {
        if (!(await deleteDeadLetter(pool, params.id))) throw unknownDeadLetter();
        audit('delete', caller.userId, { deadLetterId: params.id });
        return reply.noContent();
      },
    }),
  ];
}

async function getDeadLetter(pool: Pool, id: string): Promise<DeadLetterMessage> {
  const letter = await findDeadLetter(pool, id);
  if (letter === undefined) throw unknownDeadLetter();
  return letter;
}

function unknownDeadLetter(): Refusal {
  return new Refusal('not-found', 'No dead letter waits under this id');
}

function notConfirmed(): Refusal {
  return new Refusal('unavailable', 'The broker has not confirmed the message; it stays a dead letter', {
    retryAfterSeconds: RETRY_AFTER_SECONDS,
  });
}

function toSummary(letter: DeadLetter): z.output<typeof summarySchema> {
  return {
    id: letter.id,
    messageId: letter.messageId,
    type: letter.type,
    orderId: letter.orderId,
    reason: letter.reason,
    attempts: letter.attempts,
    deadLetteredAt: letter.deadLetteredAt.toISOString(),
  };
}

function toMessageBody(letter: DeadLetterMessage): z.output<typeof messageSchema> {
  const encoding = isUtf8(letter.body) ? 'utf8' : 'base64';
  return {
    ...toSummary(letter),
    message: {
      contentType: letter.contentType,
      headers: letter.headers,
      encoding,
      body: letter.body.toString(encoding),
    },
  };
}
