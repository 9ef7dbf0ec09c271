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

// The public key of RFC 7515, appendix A.3.
const JWK_EXAMPLE = {
  kid: '019ab000-0000-7000-8000-00000000000a',
  kty: 'EC',
  alg: 'ES256',
  use: 'sig',
  crv: 'P-256',
  x: 'f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU',
  y: 'x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0',
};

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
          example: { keys: [JWK_EXAMPLE] },
        },
      },
      problems: [],
      handler: async () => reply.ok(await deps.keyRing.jwks(), { headers: { 'cache-control': 'public, max-age=60' } }),
    }),
  ];
}
