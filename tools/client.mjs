// Generates packages/client/src/generated/api.ts, the types and the operation table of the client, from the joined OpenAPI
// document. `node tools/client.mjs [--check]`. openapi-typescript would do the types, but asks the compiler API of
// TypeScript 5, which TypeScript 7 no longer has.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { tsImport } from 'tsx/esm/api';
import { writeOrCheck } from './checked-in.mjs';
import { ROOT } from './workspace.mjs';

const DOCUMENT = 'services/api-gateway/openapi.json';
const OUTPUT = 'packages/client/src/generated/api.ts';
const METHODS = ['get', 'put', 'post', 'patch', 'delete'];

const quoted = (text) => `'${text.replaceAll('\\', '\\\\').replaceAll("'", "\\'")}'`;
const keyOf = (name) => (/^[A-Za-z_$][\w$]*$/.test(name) ? name : quoted(name));
const comment = (text, indent = '') =>
  text === undefined ? '' : `${indent}/** ${text.replaceAll('*/', '* /').replace(/\s+/g, ' ')} */\n`;

function literal(value) {
  return typeof value === 'string' ? quoted(value) : JSON.stringify(value);
}

function objectType(schema, indent) {
  const inner = `${indent}  `;
  const required = new Set(schema.required ?? []);
  const fields = Object.entries(schema.properties ?? {}).map(([name, field]) => {
    // `undefined` stays a legal value, so that callers may pass optional values on.
    const [mark, rest] = required.has(name) ? ['', ''] : ['?', ' | undefined'];
    return `${comment(field.description, inner)}${inner}${keyOf(name)}${mark}: ${toType(field, inner)}${rest};\n`;
  });
  const extra = schema.additionalProperties;
  if (fields.length === 0) {
    if (extra === false) return 'Record<string, never>';
    return `Record<string, ${typeof extra === 'object' ? toType(extra, indent) : 'unknown'}>`;
  }
  return `{\n${fields.join('')}${indent}}`;
}

function arrayType(schema, indent) {
  const item = toType(schema.items ?? {}, indent);
  return /[|&]/.test(item) && !item.startsWith('{') ? `(${item})[]` : `${item}[]`;
}

function typeByName(name, schema, indent) {
  switch (name) {
    case 'object':
      return objectType(schema, indent);
    case 'array':
      return arrayType(schema, indent);
    case 'integer':
    case 'number':
      return 'number';
    case 'string':
    case 'boolean':
    case 'null':
      return name;
    default:
      throw new TypeError(`the generator does not know the type ${JSON.stringify(name)}`);
  }
}

/** The TypeScript type of a JSON schema, as far as the documents use them; anything else is an error, never `unknown`. */
export function toType(schema, indent = '') {
  if (schema.$ref !== undefined) return schema.$ref.split('/').at(-1);
  if (schema.const !== undefined) return literal(schema.const);
  if (schema.enum !== undefined) return schema.enum.map(literal).join(' | ');
  const alternatives = schema.anyOf ?? schema.oneOf;
  if (alternatives !== undefined) return [...new Set(alternatives.map((each) => toType(each, indent)))].join(' | ');
  if (schema.allOf !== undefined) return schema.allOf.map((each) => toType(each, indent)).join(' & ');
  if (Array.isArray(schema.type)) return schema.type.map((name) => typeByName(name, schema, indent)).join(' | ');
  if (schema.type === undefined) {
    if (schema.properties !== undefined) return objectType(schema, indent);
    return 'unknown'; // the empty schema: any JSON value
  }
  return typeByName(schema.type, schema, indent);
}

function parametersOf(operation, place) {
  return (operation.parameters ?? []).filter((parameter) => parameter.in === place);
}

function group(parameters, indent) {
  const properties = Object.fromEntries(
    parameters.map(({ name, schema, description }) => [name, { ...schema, description }]),
  );
  const required = parameters.filter((parameter) => parameter.required).map(({ name }) => name);
  return objectType({ properties, required }, indent);
}

const hasHeader = (operation, name) => parametersOf(operation, 'header').some((header) => header.name === name);

function inputOf(operation) {
  const indent = '      ';
  const lines = [];
  const [path, query] = [parametersOf(operation, 'path'), parametersOf(operation, 'query')];
  if (path.length > 0) lines.push(`path: ${group(path, indent)};`);
  if (query.length > 0) {
    const mark = query.some(({ required }) => required) ? '' : '?';
    lines.push(`query${mark}: ${group(query, indent)};`);
  }
  const body = operation.requestBody;
  if (body !== undefined) {
    lines.push(`body${body.required ? '' : '?'}: ${toType(body.content['application/json'].schema, indent)};`);
  }
  if (hasHeader(operation, 'If-Match')) {
    lines.push(`/** The version that was read, or its ETag. */\n${indent}ifMatch: number | string;`);
  }
  if (hasHeader(operation, 'Idempotency-Key')) {
    lines.push(
      `/** Made for the call when left out; the same over all tries. */\n${indent}idempotencyKey?: string | undefined;`,
    );
  }
  if (lines.length === 0) return 'Record<never, never>';
  return `{\n${lines.map((line) => `${indent}${line}\n`).join('')}    }`;
}

function answerOf(operation) {
  const types = Object.entries(operation.responses)
    .filter(([status]) => /^2/.test(status))
    .map(([, response]) => response.content?.['application/json']?.schema)
    .map((schema) => (schema === undefined ? 'undefined' : toType(schema, '    ')));
  return [...new Set(types)].join(' | ');
}

function problemsOf(operation) {
  const slugs = Object.values(operation.responses).flatMap((response) =>
    Object.keys(response.content?.['application/problem+json']?.examples ?? {}),
  );
  return [...new Set(slugs)].sort();
}

function operationsOf(document) {
  return Object.entries(document.paths).flatMap(([path, item]) =>
    METHODS.filter((method) => item[method] !== undefined).map((method) => ({ path, method, ...item[method] })),
  );
}

function operationType(operation) {
  const text = `${operation.summary}: ${operation.method.toUpperCase()} ${operation.path}`;
  const problems = problemsOf(operation).map(quoted).join(' | ');
  return [
    comment(text, '  '),
    `  ${operation.operationId}: {\n    input: ${inputOf(operation)};\n    answer: ${answerOf(operation)};\n`,
    `    problems: ${problems === '' ? 'never' : problems};\n  };\n`,
  ].join('');
}

function tableRow(operation) {
  const fields = [`method: '${operation.method.toUpperCase()}'`, `path: ${quoted(operation.path)}`];
  fields.push(`access: ${quoted(operation['x-access'] ?? 'anyone')}`);
  if (hasHeader(operation, 'Idempotency-Key')) fields.push('idempotencyKey: true');
  return `  ${operation.operationId}: { ${fields.join(', ')} },\n`;
}

/** The text of the generated file. */
export function clientSource(document, slugs) {
  const schemas = Object.entries(document.components.schemas).map(
    ([name, schema]) => `export type ${name} = ${toType(schema)};\n\n`,
  );
  const operations = operationsOf(document);
  return [
    `// Generated by tools/client.mjs from ${DOCUMENT}. Not to be edited.\n\n`,
    `export type ProblemSlug =\n${slugs.map((slug) => `  | ${quoted(slug)}`).join('\n')};\n\n`,
    ...schemas,
    '/** What every operation takes, what it answers, and the problems it may answer instead. */\n',
    `export interface Operations {\n${operations.map(operationType).join('\n')}}\n\n`,
    'export type OperationId = keyof Operations;\n\n',
    'export interface OperationRow {\n',
    "  readonly method: 'GET' | 'PUT' | 'POST' | 'PATCH' | 'DELETE';\n",
    "  readonly path: string;\n  readonly access: 'anyone' | 'user' | 'admin';\n",
    '  readonly idempotencyKey?: true;\n}\n\n',
    'export const OPERATIONS: Readonly<Record<OperationId, OperationRow>> = {\n',
    operations.map(tableRow).join(''),
    '};\n',
  ].join('');
}

if (process.argv[1] === new URL(import.meta.url).pathname) {
  const document = JSON.parse(readFileSync(join(ROOT, DOCUMENT), 'utf8'));
  const { PROBLEMS } = await tsImport('../packages/contracts/src/problems.ts', import.meta.url);
  const files = { [OUTPUT]: clientSource(document, Object.keys(PROBLEMS)) };
  const ok = writeOrCheck(files, { check: process.argv.includes('--check'), command: 'node tools/client.mjs' });
  process.exitCode = ok ? 0 : 1;
}
