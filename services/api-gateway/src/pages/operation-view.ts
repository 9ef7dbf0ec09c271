import { type Html, html, withCode } from './html.ts';
import { schemaView, typeOf } from './schema-view.ts';

/** The parts of an OpenAPI operation that the page shows. */
export interface Operation {
  operationId: string;
  summary?: string;
  description?: string;
  tags?: string[];
  security?: unknown[];
  'x-access'?: string;
  parameters?: Parameter[];
  requestBody?: { required?: boolean; content: Record<string, MediaType> };
  responses: Record<
    string,
    { description: string; content?: Record<string, MediaType>; headers?: Record<string, unknown> }
  >;
}

interface Parameter {
  name: string;
  in: string;
  required?: boolean;
  description?: string;
  schema?: unknown;
}

interface MediaType {
  schema?: unknown;
  example?: unknown;
}

type Schemas = Record<string, unknown>;

const ACCESS: Readonly<Record<string, string>> = { anyone: 'anyone', user: 'signed in', admin: 'administrator' };

/** One operation, folded. */
export function operationView(method: string, path: string, given: { operation: Operation; schemas: Schemas }): Html {
  const { operation, schemas } = given;
  const verb = method.toUpperCase();
  return html`<details class="operation" id="${operation.operationId}">
<summary><span class="method ${verb}">${verb}</span> <span class="path">${path}</span>
<span class="what">${operation.summary}</span></summary>
<div>
<p>${withCode(operation.description ?? operation.summary ?? '')} <span class="tag">${accessOf(operation)}</span></p>
${parametersView(operation, schemas)}
${requestView(operation, schemas)}
<h3>Request</h3>
<pre><code>${curlOf(verb, path, operation)}</code></pre>
${responsesView(operation, schemas)}
</div>
</details>`;
}

function accessOf(operation: Operation): string {
  const access = operation['x-access'];
  return ACCESS[access ?? ''] ?? ((operation.security ?? []).length === 0 ? 'anyone' : 'signed in');
}

function parametersView(operation: Operation, schemas: Schemas): Html | undefined {
  const { parameters = [] } = operation;
  if (parameters.length === 0) return undefined;
  const rows = parameters.map(
    (parameter) => html`<tr><td><code>${parameter.name}</code></td><td>${parameter.in}</td>
      <td>${typeOf(parameter.schema, schemas)} ${parameter.required ? html`<span class="required">required</span>` : undefined}</td>
      <td>${withCode(parameter.description ?? '')}</td></tr>`,
  );
  return html`<h3>Parameters</h3><table><thead><tr><th>Name</th><th>In</th><th>Type</th><th></th></tr></thead>
<tbody>${rows}</tbody></table>`;
}

function requestView({ requestBody }: Operation, schemas: Schemas): Html | undefined {
  const schema = requestBody?.content['application/json']?.schema;
  if (schema === undefined) return undefined;
  return html`<h3>Body ${requestBody?.required === false ? html`<span class="soft">optional</span>` : undefined}</h3>
${schemaView(schema, { schemas, showsRequired: true })}`;
}

function responsesView(operation: Operation, schemas: Schemas): readonly Html[] {
  const entries = Object.entries(operation.responses);
  const successes = entries.filter(([status]) => Number(status) < 400);
  const problems = entries.filter(([status]) => Number(status) >= 400);
  const answers = successes.map(([status, response]) => {
    const content = response.content ?? {};
    const [media] = Object.values(content);
    return html`<h3>${status} <span class="soft">${withCode(response.description)}</span>
${Object.keys(content).map((type) => html`<span class="tag">${type}</span> `)}</h3>
${headersView(response.headers)}
${media?.schema === undefined ? undefined : schemaView(media.schema, { schemas, showsRequired: false })}
${media?.example === undefined ? undefined : html`<pre><code>${exampleText(media.example)}</code></pre>`}`;
  });
  const rows = problems.map(
    ([status, response]) => html`<tr><td>${status}</td><td>${withProblemLinks(response.description)}</td></tr>`,
  );
  return [...answers, html`<h3>Problems</h3><table><tbody>${rows}</tbody></table>`];
}

/** Those that not every answer has. */
const USUAL_HEADERS = new Set(['X-Request-Id', 'RateLimit', 'RateLimit-Policy']);

function headersView(headers: Record<string, unknown> = {}): Html | undefined {
  const names = Object.keys(headers).filter((name) => !USUAL_HEADERS.has(name));
  if (names.length === 0) return undefined;
  return html`<p class="soft">Headers: ${names.map((name, index) => html`${index === 0 ? '' : ', '}<code>${name}</code>`)}</p>`;
}

function exampleText(example: unknown): string {
  return typeof example === 'string' ? example : JSON.stringify(example, null, 2);
}

/** `slug` in backticks leads to the problem's page. */
function withProblemLinks(text: string): readonly Html[] {
  return text
    .split('`')
    .map((part, index) =>
      index % 2 === 0 ? html`${part}` : html`<a href="/problems/${part}"><code>${part}</code></a>`,
    );
}

function curlOf(verb: string, path: string, operation: Operation): string {
  const lines = [`curl ${verb === 'GET' ? '' : `-X ${verb} `}"$SOUK${path}"`];
  if ((operation.security ?? []).length > 0) lines.push(`-H "Authorization: Bearer $TOKEN"`);
  for (const parameter of operation.parameters ?? []) {
    if (parameter.in !== 'header' || parameter.required !== true) continue;
    lines.push(`-H '${parameter.name}: ${parameter.name === 'If-Match' ? '"1"' : 'any-fresh-key'}'`);
  }
  const media = operation.requestBody?.content['application/json'];
  if (media !== undefined) {
    lines.push(`-H 'Content-Type: application/json'`);
    const body = media.example === undefined ? '{}' : JSON.stringify(media.example, null, 2).replaceAll("'", "'\\''");
    lines.push(`-d '${body}'`);
  }
  return lines.join(' \\\n  ');
}
