import { defineRoute, type RouteDefinition, reply } from '@souk/http';
import { z } from 'zod';
import type { RevocationFeed } from './revocation-feed.ts';

const revocationPageSchema = z
  .object({
    items: z.array(z.object({ sessionId: z.uuid(), at: z.iso.datetime() })),
    next: z.string(),
    more: z.boolean().meta({ description: 'Ask again at once: the answer was too long for one page' }),
  })
  .meta({ id: 'RevocationPage' });

const example = {
  items: [{ sessionId: '019aabcd-0000-7000-8000-000000000002', at: '2026-11-22T12:00:00.000Z' }],
  next: 'cjEuNDEuMTc5NTM0ODgwMDAwMA',
  more: false,
};

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
        'Answers at once on news, else after 500 ms. What was revoked in the last 5 seconds is told again, against late commits. Entries live one token life. An answer has at most 5,000 entries.',
      tags: ['Internal'],
      query: z.strictObject({ after: z.string().max(256).optional() }),
      responses: { 200: { description: 'What is new since `after`', schema: revocationPageSchema, example } },
      problems: ['validation', 'unavailable'],
      handler: async ({ query, request }) => reply.ok(await deps.feed.poll(query.after, request.signal)),
    }),
  ];
}
