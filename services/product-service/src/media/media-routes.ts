import { createHash } from 'node:crypto';
import { Refusal } from '@souk/contracts';
import { defineRoute, type RouteDefinition, reply } from '@souk/http';
import { LRUCache } from 'lru-cache';
import { z } from 'zod';
import { pictureOf } from '../seed/seed-products.ts';
import { drawPicture } from './picture.ts';

const FILE_NAME_MAX = 80;
const PICTURES_MAX = 200;
/** A day: a picture may be drawn better by the next release. */
const CACHE_CONTROL = 'public, max-age=86400';

interface Picture {
  svg: string;
  etag: string;
}

/** The drawn pictures of the demonstration catalogue. */
export function mediaRoutes(): RouteDefinition[] {
  const drawn = new LRUCache<string, Picture>({ max: PICTURES_MAX });

  function draw(file: string): Picture {
    const known = drawn.get(file);
    if (known !== undefined) return known;
    const subject = file.endsWith('.svg') ? pictureOf(file.slice(0, -'.svg'.length)) : undefined;
    if (subject === undefined) throw new Refusal('not-found', 'There is no such picture');
    const svg = drawPicture(subject);
    const picture = { svg, etag: createHash('sha256').update(svg).digest('base64url').slice(0, 22) };
    drawn.set(file, picture);
    return picture;
  }

  return [
    defineRoute({
      method: 'GET',
      path: '/media/{file}',
      access: 'anyone',
      operationId: 'getPicture',
      summary: 'A drawn picture of a product of the demonstration catalogue',
      tags: ['products'],
      params: z.strictObject({ file: z.string().max(FILE_NAME_MAX) }),
      responses: {
        200: {
          description: 'The picture',
          contentType: 'image/svg+xml',
          headers: {
            ETag: 'Of the picture',
            'Cache-Control': CACHE_CONTROL,
            'Content-Security-Policy': 'A picture runs nothing and loads nothing, also when it is opened as a page',
          },
        },
      },
      problems: ['not-found'],
      handler: ({ params, request }) => {
        const { svg, etag } = draw(params.file);
        const headers = {
          etag: `"${etag}"`,
          'cache-control': CACHE_CONTROL,
          // A picture runs nothing and loads nothing, also when it is opened as a page.
          'content-security-policy': "default-src 'none'; style-src 'unsafe-inline'; sandbox",
        };
        const known = request.headers.get('if-none-match');
        if (known !== undefined && hasTag(known, etag)) return reply.raw(new Response(null, { status: 304, headers }));
        return reply.raw(
          new Response(svg, { headers: { ...headers, 'content-type': 'image/svg+xml; charset=utf-8' } }),
        );
      },
    }),
  ];
}

/** RFC 9110, section 13.1.2: any of the listed tags, weakly compared, or `*`. */
function hasTag(ifNoneMatch: string, etag: string): boolean {
  return ifNoneMatch.split(',').some((tag) => tag.trim() === '*' || tag.trim().replace(/^W\//, '') === `"${etag}"`);
}
