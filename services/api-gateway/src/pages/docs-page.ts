import type { OpenApiDocument } from '@souk/http';
import { type Html, html, htmlPage, withCode } from './html.ts';
import { type Operation, operationView } from './operation-view.ts';
import type { Page } from './page.ts';

/** Folds everything but what matches; opens the operation that the address names. */
const SCRIPT = `
const field = document.querySelector('input[type=search]');
field.addEventListener('input', () => {
  const wanted = field.value.trim().toLowerCase();
  for (const element of document.querySelectorAll('[data-search]')) {
    element.classList.toggle('hidden', wanted !== '' && !element.dataset.search.includes(wanted));
  }
});
const open = () => {
  const target = document.getElementById(decodeURIComponent(location.hash.slice(1)));
  if (target instanceof HTMLDetailsElement) { target.open = true; target.scrollIntoView(); }
};
addEventListener('hashchange', open);
open();
`;

interface Entry {
  method: string;
  path: string;
  operation: Operation;
}

/** The API reference, written from the OpenAPI document. It needs no network and no script, which only adds the search. */
export function createDocsPage(document: OpenApiDocument): Page {
  const schemas = document.components.schemas ?? {};
  const groups = groupByTag(document);
  const navigation = groups.map(
    ([tag, entries]) => html`<strong>${tag}</strong><ol>${entries.map(navigationEntry)}</ol>`,
  );
  const sections = groups.map(
    ([tag, entries]) =>
      html`<h2 id="${tag}">${tag}</h2>${entries.map(
        ({ method, path, operation }) =>
          html`<div data-search="${searchText(method, path, operation)}">${operationView(method, path, { operation, schemas })}</div>`,
      )}`,
  );
  return htmlPage({
    title: document.info.title,
    script: SCRIPT,
    body: html`<div class="docs">
<nav><input type="search" placeholder="Search routes" aria-label="Search routes">${navigation}</nav>
<main>
<h1>${document.info.title}</h1>
<p>${withCode(document.info.description ?? '')}</p>
${introduction()}
${sections}
</main></div>`,
  });
}

function introduction(): Html {
  return html`<p><a href="/openapi.json">OpenAPI 3.1 document</a> · <a href="/problems">Problems</a></p>
<p>The examples take the address from <code>$SOUK</code> and an access token from <code>$TOKEN</code>:</p>
<pre><code>SOUK=http://localhost:3000
TOKEN=$(curl -s $SOUK/api/v1/users/login -H 'Content-Type: application/json' \\
  -d '{"email":"customer@souk.example","password":"correct-horse-battery"}' | sed 's/.*"accessToken":"\\([^"]*\\)".*/\\1/')</code></pre>
<table><tbody>
<tr><td>Money</td><td>an integer in minor units and an ISO 4217 code: <code>{"amount": 1999, "currency": "EUR"}</code></td></tr>
<tr><td>Lists</td><td><code>?limit=</code> (1 to 100) and <code>?cursor=</code> from <code>nextCursor</code> of the page before</td></tr>
<tr><td>Idempotency-Key</td><td>the same key and body give the same answer again, with <code>Idempotent-Replayed: true</code>, for 24 hours</td></tr>
<tr><td>If-Match</td><td>the <code>ETag</code> last read, so that no change of somebody else is lost</td></tr>
<tr><td>Problems</td><td>every answer that is no success is <code>application/problem+json</code>; its <code>type</code> leads to a page</td></tr>
</tbody></table>`;
}

function groupByTag(document: OpenApiDocument): [string, Entry[]][] {
  const groups = new Map<string, Entry[]>();
  for (const [path, operations] of Object.entries(document.paths)) {
    for (const [method, given] of Object.entries(operations)) {
      const operation = given as Operation;
      const tag = operation.tags?.[0] ?? 'other';
      groups.set(tag, [...(groups.get(tag) ?? []), { method, path, operation }]);
    }
  }
  return [...groups].sort(([left], [right]) => (left < right ? -1 : 1));
}

function navigationEntry({ method, path, operation }: Entry): Html {
  return html`<li data-search="${searchText(method, path, operation)}"><a href="#${operation.operationId}"
title="${method.toUpperCase()} ${path}">${operation.summary ?? path}</a></li>`;
}

function searchText(method: string, path: string, operation: Operation): string {
  return `${method} ${path} ${operation.summary ?? ''} ${operation.operationId}`.toLowerCase();
}
