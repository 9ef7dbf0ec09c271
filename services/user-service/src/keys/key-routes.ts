import { defineRoute, type RouteDefinition, reply } from '@souk/http';
import { z } from 'zod';
import type { KeyRing } from './key-ring.ts';

const jwkSchema = z
  .object({
    kid: z.string(),
    kty: z.string(),
    alg: z.string(),
    use: z.literal('sig'),
    crv: z.string(),
    x: z.string(),
    y: z.string().optional(),
  })
  .meta({ id: 'JsonWebKey' });

export function keyRoutes(deps: { keyRing: KeyRing }): RouteDefinition[] {
  return [
    defineRoute({
      method: 'GET',
      path: '/.well-known/jwks.json',
      access: 'anyone',
      operationId: 'getJwks',
      summary: 'The public keys that verify access tokens',
      description:
        'Keys rotate with overlap: the next one is listed before it signs, the last one until its tokens are gone.',
      tags: ['Identity'],
      responses: {
        200: {
          description: 'A JSON Web Key Set (RFC 7517)',
          schema: z.object({ keys: z.array(jwkSchema) }).meta({ id: 'JsonWebKeySet' }),
          headers: { 'Cache-Control': 'How long the set may be kept' },
        },
      },
      problems: [],
      handler: async () => reply.ok(await deps.keyRing.jwks(), { headers: { 'cache-control': 'public, max-age=60' } }),
    }),
  ];
}
