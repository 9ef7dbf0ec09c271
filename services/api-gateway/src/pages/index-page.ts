import { html, htmlPage } from './html.ts';
import type { Page } from './page.ts';

/** `/`: what answers here and where to go on. */
export function createIndexPage(): Page {
  return htmlPage({
    title: 'Souk',
    body: html`<main><h1>Souk</h1>
<p>This is the public door of an e-commerce platform: its HTTP API, below <code>/api/v1</code>.</p>
<ul>
<li><a href="/docs">API reference</a>: every route, with its schemas and its problems</li>
<li><a href="/openapi.json">/openapi.json</a>: the same as an OpenAPI 3.1 document</li>
<li><a href="/problems">Problems</a>: what each error means and what to do</li>
<li><a href="/api/v1/products">/api/v1/products</a> and <a href="/api/v1/categories">/api/v1/categories</a>: the catalog</li>
<li><a href="/.well-known/jwks.json">/.well-known/jwks.json</a>: the keys that access tokens are signed with</li>
<li><a href="/health">/health</a></li>
</ul>
<h2>A first request</h2>
<pre><code>curl 'http://localhost:3000/api/v1/products?q=tea&amp;limit=3'</code></pre></main>`,
  });
}
