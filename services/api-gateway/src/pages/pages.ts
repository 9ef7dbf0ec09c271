import type { OpenApiDocument } from '@souk/http';
import { createDocsPage } from './docs-page.ts';
import { createIndexPage } from './index-page.ts';
import type { Page } from './page.ts';
import { createProblemPages } from './problem-pages.ts';

/** Everything that the gateway answers by itself, by path. */
export function createPages(document: OpenApiDocument): ReadonlyMap<string, Page> {
  const pages = new Map<string, Page>([
    ['/health', { contentType: 'application/json', body: '{"status":"ok"}', isProbe: true }],
    ['/', createIndexPage()],
    ['/docs', createDocsPage(document)],
    [
      '/openapi.json',
      {
        contentType: 'application/json',
        body: JSON.stringify(document),
        headers: { 'cache-control': 'public, max-age=300' },
      },
    ],
    ...createProblemPages(),
  ]);
  for (const page of pages.values()) page.bytes = Buffer.from(page.body);
  return pages;
}
