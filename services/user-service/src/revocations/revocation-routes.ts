import { defineRoute, type RouteDefinition, reply } from '@souk/http';
import { z } from 'zod';
import type { RevocationFeed } from './revocation-feed.ts';

const revocationPageSchema = z
  .object({
    items: z.array(z.object({ sessionId: z.uuid(), at: z.iso.datetime() })),
    next: z.string(),
  })
  .meta({ id: 'RevocationPage' });

export function revocationRoutes(deps: { feed: RevocationFeed }): RouteDefinition[] {
  return [
    defineRoute({
      method: 'GET',
      path: '/internal/revocations',
      access: 'anyone',
      longLived: true,
      operationId: 'listRevocations',
      summary: 'Sessions whose tokens are revoked, for whoever verifies tokens',
      description:
        'Answers at once on news, else after 500 ms. What was revoked in the last 5 seconds is told again, against late commits. Entries live one token life.',
      tags: ['Internal'],
      query: z.strictObject({ after: z.string().max(256).optional() }),
      responses: { 200: { description: 'What is new since `after`', schema: revocationPageSchema } },
      problems: ['validation', 'unavailable'],
      handler: async ({ query, request }) => reply.ok(await deps.feed.poll(query.after, request.signal)),
    }),
  ];
}
