import { defineRoute, page, pageQuery, pageSchema, pathIdSchema, type RouteDefinition, reply } from '@souk/http';
import type { Clock, Pool } from '@souk/service-runtime';
import { z } from 'zod';
import { createListCursors } from '../newest-first.ts';
import { type EndSessionDeps, endOwnSession } from './end-session.ts';
import { listSessionRows, type SessionRow } from './session-repository.ts';

export interface OwnSessionRouteDeps {
  pool: Pool;
  clock: Clock;
  cursorSecret: string;
  end: EndSessionDeps;
}

const sessionSchema = z
  .object({
    id: z.uuid().meta({ description: 'The `sid` of its tokens' }),
    createdAt: z.iso.datetime(),
    lastUsedAt: z.iso.datetime(),
    userAgent: z.string().nullable(),
    ip: z.string().nullable(),
    current: z.boolean(),
  })
  .meta({ id: 'Session' });

const PAGE_EXAMPLE = {
  items: [
    {
      id: '019aabcd-0000-7000-8000-000000000002',
      createdAt: '2026-11-22T12:00:00.000Z',
      lastUsedAt: '2026-11-22T12:40:00.000Z',
      userAgent: 'Mozilla/5.0',
      ip: '203.0.113.7',
      current: true,
    },
  ],
  nextCursor: null,
  total: 1,
};

function toSessionAnswer(row: SessionRow, currentSessionId: string): z.infer<typeof sessionSchema> {
  return {
    id: row.id,
    createdAt: row.createdAt.toISOString(),
    lastUsedAt: row.lastUsedAt.toISOString(),
    userAgent: row.userAgent,
    ip: row.ip,
    current: row.id === currentSessionId,
  };
}

export function ownSessionRoutes(deps: OwnSessionRouteDeps): RouteDefinition[] {
  return [
    defineRoute({
      method: 'GET',
      path: '/api/v1/users/me/sessions',
      access: 'user',
      operationId: 'listSessions',
      summary: 'The live sessions of the caller, newest first',
      tags: ['Sessions'],
      query: z.strictObject(pageQuery),
      responses: {
        200: { description: 'A page of sessions', schema: pageSchema(sessionSchema), example: PAGE_EXAMPLE },
      },
      problems: ['unavailable'],
      handler: async ({ query, caller }) => {
        const cursors = createListCursors({ secret: deps.cursorSecret, scope: `sessions:${caller.userId}` });
        const { rows, total } = await listSessionRows(deps.pool, {
          userId: caller.userId,
          now: deps.clock.now(),
          after: cursors.after(query.cursor),
          limit: query.limit,
        });
        const toItem = (row: SessionRow) => toSessionAnswer(row, caller.sessionId);
        return reply.ok(page({ rows, limit: query.limit, total, toItem, cursorOf: cursors.of }));
      },
    }),
    defineRoute({
      method: 'DELETE',
      path: '/api/v1/users/me/sessions/{id}',
      access: 'user',
      operationId: 'endSession',
      summary: 'End one of the caller’s sessions',
      tags: ['Sessions'],
      params: pathIdSchema,
      responses: { 204: { description: 'The tokens of the session are dead' } },
      problems: ['not-found', 'unavailable'],
      handler: async ({ params, caller }) => {
        await endOwnSession(deps.end, caller, params.id);
        return reply.noContent();
      },
    }),
  ];
}
