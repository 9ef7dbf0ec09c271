import type { OpenApiDocument } from '@souk/http';
import { html, htmlPage } from './html.ts';
import type { Page } from './page.ts';

export function createDocsPage(document: OpenApiDocument): Page {
  return htmlPage({ title: document.info.title, body: html`<main><h1>${document.info.title}</h1></main>` });
}
