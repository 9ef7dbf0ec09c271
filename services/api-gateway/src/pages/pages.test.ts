import { PROBLEMS } from '@souk/contracts';
import type { OpenApiDocument } from '@souk/http';
import { describe, expect, it } from 'vitest';
import openApiDocument from '../../openapi.json' with { type: 'json' };
import { html } from './html.ts';
import { createPages } from './pages.ts';

const document = openApiDocument as unknown as OpenApiDocument;
const pages = createPages(document);
const bodyOf = (path: string) => pages.get(path)?.body ?? '';

describe('the pages of the gateway', () => {
  it('explain every problem of the catalogue, under the path that problems name as their type', () => {
    for (const [slug, { title }] of Object.entries(PROBLEMS)) {
      expect(bodyOf(`/problems/${slug}`)).toContain(html`<h1>${title}</h1>`.text);
      expect(bodyOf('/problems')).toContain(`/problems/${slug}`);
    }
  });

  it('show every public operation in the reference', () => {
    for (const operations of Object.values(document.paths)) {
      for (const operation of Object.values(operations) as { operationId: string }[]) {
        expect(bodyOf('/docs')).toContain(`id="${operation.operationId}"`);
      }
    }
  });

  it('tell of every media type and of the headers that an answer brings', () => {
    const about = (id: string) => bodyOf('/docs').split(`id="${id}"`)[1]?.split('</details>')[0] ?? '';
    expect(about('getOrderTimeline')).toMatch(/application\/json<.*text\/event-stream</s);
    expect(about('placeOrder')).toMatch(/Headers: .*<code>location<\/code>.*<code>Idempotent-Replayed<\/code>/i);
  });

  it('load nothing from anywhere, and forbid it', () => {
    for (const [path, page] of pages) {
      if (!page.contentType.startsWith('text/html')) continue;
      expect(page.headers?.['content-security-policy']).toContain("default-src 'none'");
      expect(page.body, path).not.toMatch(/(?:src|href)="(?:https?:)?\/\//);
      expect(page.body, path).not.toMatch(/@import|url\(/);
    }
  });

  it('lead only to what the gateway serves', () => {
    const links = [...pages.values()].flatMap(({ body }) =>
      [...body.matchAll(/href="(\/[^"#?]*)/g)].map(([, path]) => path),
    );
    const relayed = ['/api/v1/products', '/api/v1/categories', '/.well-known/jwks.json'];
    expect(links.filter((path) => path !== undefined && !pages.has(path) && !relayed.includes(path))).toEqual([]);
  });

  it('escape what they are given', () => {
    expect(html`<p title="${'"'}">${'<script>&'}</p>`.text).toBe('<p title="&quot;">&lt;script&gt;&amp;</p>');
  });
});
