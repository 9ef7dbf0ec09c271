import type { Access, OpenApiDocument } from '@souk/http';

export interface OperationInDocument {
  id: string;
  method: string;
  template: string;
  access: Access;
  example: unknown;
  needsKey: boolean;
}

interface Operation {
  operationId: string;
  'x-access': Access;
  parameters?: { name: string }[];
  requestBody?: { content: Record<string, { example?: unknown }> };
  responses: Record<string, { content?: Record<string, { examples?: Record<string, unknown> }> }>;
}

export function operationsIn(document: OpenApiDocument): OperationInDocument[] {
  return Object.entries(document.paths).flatMap(([template, item]) =>
    Object.entries(item).map(([method, value]) => {
      const operation = value as Operation;
      return {
        id: operation.operationId,
        method: method.toUpperCase(),
        template,
        access: operation['x-access'],
        example: operation.requestBody?.content['application/json']?.example,
        needsKey: operation.parameters?.some(({ name }) => name === 'Idempotency-Key') ?? false,
      };
    }),
  );
}

/** `placeOrder 201`, `placeOrder out-of-stock`: each status without a problem, and each problem by its slug. */
export function documentedOutcomes(document: OpenApiDocument): string[] {
  const operations = Object.values(document.paths).flatMap((item) => Object.values(item) as Operation[]);
  return operations.flatMap(({ operationId, responses }) =>
    Object.entries(responses).flatMap(([status, { content }]) => {
      const problems = content?.['application/problem+json'];
      const outcomes = problems === undefined ? [status] : Object.keys(problems.examples ?? {});
      return outcomes.map((outcome) => `${operationId} ${outcome}`);
    }),
  );
}

/** The slug of a problem, else the status. */
export function outcomeOf(status: number, body: unknown): string {
  const type = status >= 400 ? String((body as { type?: unknown } | undefined)?.type) : '';
  return type.startsWith('/problems/') ? type.slice('/problems/'.length) : String(status);
}
