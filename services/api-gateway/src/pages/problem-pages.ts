import { PROBLEMS, type ProblemSlug } from '@souk/contracts';
import { html, htmlPage } from './html.ts';
import type { Page } from './page.ts';
import { PROBLEM_EXPLANATIONS } from './problem-explanations.ts';

const SLUGS = Object.keys(PROBLEMS) as ProblemSlug[];

/** `/problems` and one page for each problem: where the `type` of a problem document leads. */
export function createProblemPages(): ReadonlyMap<string, Page> {
  return new Map([
    ['/problems', createProblemIndex()],
    ...SLUGS.map((slug): [string, Page] => [`/problems/${slug}`, createProblemPage(slug)]),
  ]);
}

function createProblemIndex(): Page {
  const rows = SLUGS.map(
    (slug) => html`<tr><td>${PROBLEMS[slug].status}</td><td><a href="/problems/${slug}"><code>${slug}</code></a></td>
      <td>${PROBLEMS[slug].title}</td></tr>`,
  );
  return htmlPage({
    title: 'Problems · Souk',
    body: html`<main><h1>Problems</h1>
<p>Every answer that is no success is a problem document (RFC 9457). Its <code>type</code> leads to one of these pages.</p>
<table><thead><tr><th>Status</th><th>Problem</th><th>Title</th></tr></thead><tbody>${rows}</tbody></table>
<p><a href="/docs">API reference</a></p></main>`,
  });
}

function createProblemPage(slug: ProblemSlug): Page {
  const { status, title } = PROBLEMS[slug];
  const example = {
    type: `/problems/${slug}`,
    title,
    status,
    detail: 'What was expected and what was found',
    instance: '/api/v1/…',
    traceId: '0af7651916cd43dd8448eb211c80319c',
  };
  return htmlPage({
    title: `${title} · Souk`,
    body: html`<main><p class="soft"><a href="/problems">Problems</a> / <code>${slug}</code></p>
<h1>${title}</h1>
<p>${PROBLEM_EXPLANATIONS[slug]}</p>
<pre><code>HTTP/1.1 ${status}
Content-Type: application/problem+json

${JSON.stringify(example, null, 2)}</code></pre>
<p class="soft">The <code>traceId</code> names the request in the logs of every service that had a part in it.</p></main>`,
  });
}
