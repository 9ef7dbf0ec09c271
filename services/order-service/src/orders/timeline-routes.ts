import { Refusal } from '@souk/contracts';
import {
  createCursorCodec,
  defineRoute,
  page,
  pageSchema,
  pathIdSchema,
  type Reply,
  type RequestContext,
  type RouteDefinition,
  reply,
} from '@souk/http';
import type { Pool } from '@souk/service-runtime';
import { getOrder } from './get-order.ts';
import { aTimelineExample } from './order-examples.ts';
import { timelineEntrySchema, timelineQuery } from './order-schemas.ts';
import { type TimelineEntry, toTimelineEntryJson } from './timeline.ts';
import type { TimelineHub } from './timeline-hub.ts';
import { timelineRepository } from './timeline-repository.ts';

export interface TimelineRouteDependencies {
  pool: Pool;
  hub: TimelineHub;
  cursorSecret: string;
}

const STREAM_HEADERS = { 'content-type': 'text/event-stream', 'x-accel-buffering': 'no' };

export function createTimelineRoutes(deps: TimelineRouteDependencies): RouteDefinition[] {
  return [
    defineRoute({
      method: 'GET',
      path: '/api/v1/orders/{id}/events',
      access: 'user',
      operationId: 'getOrderTimeline',
      summary: 'The timeline of an order',
      description:
        'Oldest first. With `Accept: text/event-stream` it streams what is there and what comes; `Last-Event-ID` resumes. ' +
        'A stream ends with the token, and after 15 minutes; a user may have five open.',
      tags: ['orders'],
      params: pathIdSchema,
      query: timelineQuery,
      longLived: true,
      responses: {
        200: {
          description: 'A page of the timeline, or the stream',
          stream: 'text/event-stream',
          schema: pageSchema(timelineEntrySchema),
          example: aTimelineExample,
        },
      },
      problems: ['not-found', 'not-acceptable', 'rate-limited'],
      handler: async ({ params, query, caller, request }) => {
        const order = await getOrder(deps.pool, params.id, caller);
        if (chooseRepresentation(request) === 'list') return await listTimeline(deps, order.id, query);
        // HEAD answers as GET: its headers, without taking one of the places.
        if (request.method === 'HEAD') return reply.raw(new Response(null, { headers: STREAM_HEADERS }));
        const body = await deps.hub.open({
          orderId: order.id,
          userId: caller.userId,
          sessionId: caller.sessionId,
          tokenExpiresAt: caller.expiresAt,
          afterSequence: lastEventId(request),
        });
        return reply.raw(new Response(body, { headers: STREAM_HEADERS }));
      },
    }),
  ];
}

async function listTimeline(
  deps: TimelineRouteDependencies,
  orderId: string,
  query: { limit: number; cursor?: string | undefined },
): Promise<Reply> {
  const codec = createCursorCodec({ secret: deps.cursorSecret, scope: `timeline:${orderId}` });
  const [after] = query.cursor === undefined ? [] : codec.decode(query.cursor);
  const sequence = Number(after ?? 0);
  const rows = await timelineRepository.listAfter(deps.pool, orderId, { sequence, limit: query.limit + 1 });
  const total = await timelineRepository.count(deps.pool, orderId);
  return reply.ok(
    page<TimelineEntry, ReturnType<typeof toTimelineEntryJson>>({
      rows,
      limit: query.limit,
      total,
      toItem: toTimelineEntryJson,
      cursorOf: (entry) => codec.encode([entry.sequence]),
    }),
  );
}

const ACCEPTED_BY = {
  stream: ['text/event-stream'],
  list: ['application/json', 'application/*', '*/*'],
} as const;

/** The stream only where it is named: a browser that takes anything gets the list. Throws a Refusal `not-acceptable`. */
function chooseRepresentation(request: RequestContext): 'stream' | 'list' {
  const accept = request.headers.get('accept')?.trim() ?? '';
  if (accept === '') return 'list';
  const ranges = accept.split(',').flatMap((range) => {
    const [type = '', ...parameters] = range.split(';').map((part) => part.trim().toLowerCase());
    return parameters.some((parameter) => /^q=0(\.0{0,3})?$/.test(parameter)) ? [] : [type];
  });
  for (const representation of ['stream', 'list'] as const) {
    if (ACCEPTED_BY[representation].some((type) => ranges.includes(type))) return representation;
  }
  throw new Refusal('not-acceptable', 'A timeline comes as application/json or as text/event-stream');
}

/** Beyond every sequence: PostgreSQL's integer ends here. */
const SEQUENCE_MAX = 2_147_483_647;

/** What is no whole number is ignored: the stream begins at the beginning. */
function lastEventId(request: RequestContext): number {
  const header = request.headers.get('last-event-id')?.trim() ?? '';
  return /^\d+$/.test(header) ? Math.min(Number(header), SEQUENCE_MAX) : 0;
}
