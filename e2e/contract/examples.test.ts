import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { PROBLEMS, type ProblemSlug } from '@souk/contracts';
import { createBodyChecker, type OpenApiDocument } from '@souk/http';
import { describe, expect, test } from 'vitest';
import { ROOT } from '../src/child.ts';
import { SERVICE_NAMES } from '../src/platform.ts';

type Json = Record<string, unknown>;
interface MediaType {
  schema?: Json;
  example?: unknown;
  examples?: Record<string, { value: Json }>;
}
interface Operation {
  operationId: string;
  parameters?: { name: string; schema: Json; example?: unknown }[];
  requestBody?: { content: Record<string, MediaType> };
  responses: Record<string, { content?: Record<string, MediaType> }>;
}

const DOCUMENTS = SERVICE_NAMES.map(
  (name) => [name, JSON.parse(readFileSync(join(ROOT, 'services', name, 'openapi.json'), 'utf8'))] as const,
);

const operationsOf = (document: OpenApiDocument) =>
  Object.values(document.paths).flatMap((item) => Object.values(item) as Operation[]);

/** Bodies of raw bytes, and those of which every field is left out. */
function needsExample({ schema = {} }: MediaType, document: OpenApiDocument): boolean {
  const name = String(schema.$ref ?? '').replace('#/components/schemas/', '');
  const resolved = (name === '' ? schema : document.components.schemas?.[name]) as Json;
  return Object.keys(resolved).length > 0 && Object.keys((resolved.properties ?? { any: 1 }) as Json).length > 0;
}

// What a service takes and answers is compared by the contract run; this is about what readers see.
describe.each(DOCUMENTS)('the examples of %s', (_name, document: OpenApiDocument) => {
  const check = createBodyChecker(document);
  const about = (where: string, { schema, example }: MediaType) =>
    schema === undefined ? [] : check(schema, example).map((text) => `${where} ${text}`);

  test('are there for every body, and as its schema says', () => {
    const found = operationsOf(document).flatMap(({ operationId, requestBody, responses }) => {
      const answers = Object.entries(responses).filter(([status]) => status.startsWith('2'));
      const bodies = [
        ...Object.entries(requestBody?.content ?? {}),
        ...answers.flatMap(([, { content = {} }]) => Object.entries(content)),
      ].filter(([type, media]) => type === 'application/json' && needsExample(media, document));
      return bodies.flatMap(([, media]) =>
        media.example === undefined ? [`${operationId} shows none`] : about(operationId, media),
      );
    });
    expect(found).toEqual([]);
  });

  test('of parameters are as their schemas say', () => {
    const found = operationsOf(document).flatMap(({ operationId, parameters = [] }) =>
      parameters
        .filter(({ example }) => example !== undefined)
        .flatMap((parameter) => about(`${operationId} ${parameter.name}`, parameter)),
    );
    expect(found).toEqual([]);
  });

  test('of problems are the problems that they are filed under', () => {
    const problems = operationsOf(document).flatMap(({ operationId, responses }) =>
      Object.entries(responses).flatMap(([status, { content }]) =>
        Object.entries(content?.['application/problem+json']?.examples ?? {}).map(
          ([slug, { value }]) => ({ operationId, status: Number(status), slug: slug as ProblemSlug, value }) as const,
        ),
      ),
    );
    expect(problems.length).toBeGreaterThan(0);
    for (const { operationId, status, slug, value } of problems) {
      expect([operationId, check({ $ref: '#/components/schemas/Problem' }, value)]).toEqual([operationId, []]);
      expect(value).toMatchObject({ type: `/problems/${slug}`, status, title: PROBLEMS[slug].title });
      expect(PROBLEMS[slug].status).toBe(status);
    }
  });
});
