import type { ContractCasesOptions } from './contract-cases.ts';
import type { JsonSchema } from './json-schema.ts';
import type { OpenApiDocument } from './openapi.ts';
import type { Access } from './route.ts';

const METHODS = ['get', 'post', 'put', 'patch', 'delete'] as const;

/** One operation of the document, with what the cases need to know of it. */
export interface Operation {
  method: string;
  template: string;
  operationId: string;
  access: Access;
  body: { schema: JsonSchema; isRequired: boolean; example: unknown } | undefined;
  isRaw: boolean;
  query: { name: string; schema: JsonSchema }[];
  needsKey: boolean;
  needsVersion: boolean;
  /** For the header Allow. */
  allow: string;
  objectPath: string | undefined;
  unknownIdAllowed: boolean;
}

/** The operations of a document, each with what the cases need. */
export function operationsOf(document: OpenApiDocument, options: ContractCasesOptions): Operation[] {
  return Object.entries(document.paths).flatMap(([template, item]) => {
    const methods = METHODS.filter((method) => item[method] !== undefined);
    const names = methods.map((method) => method.toUpperCase());
    const allow = [...names, ...(names.includes('GET') ? ['HEAD'] : [])].sort().join(', ');
    return methods.map((method): Operation => {
      const operation = item[method] as JsonSchema;
      const parameters = (operation.parameters ?? []) as { name: string; in: string; schema: JsonSchema }[];
      const content = (operation.requestBody as JsonSchema | undefined)?.content as JsonSchema | undefined;
      const media = content?.['application/json'] as { schema: JsonSchema; example?: unknown } | undefined;
      const isRaw = media !== undefined && Object.keys(media.schema).length === 0;
      const schema = media === undefined ? undefined : resolve(document, media.schema);
      const isRequired = (operation.requestBody as JsonSchema | undefined)?.required === true;
      return {
        method: method.toUpperCase(),
        template,
        operationId: String(operation.operationId),
        access: operation['x-access'] as Access,
        body: schema === undefined || isRaw ? undefined : { schema, isRequired, example: media?.example },
        isRaw,
        query: parameters.filter((parameter) => parameter.in === 'query'),
        needsKey: parameters.some((parameter) => parameter.name === 'Idempotency-Key'),
        needsVersion: parameters.some((parameter) => parameter.name === 'If-Match'),
        allow,
        objectPath: options.objects?.[template],
        unknownIdAllowed: options.unknownIdAllowed?.includes(String(operation.operationId)) ?? false,
      };
    });
  });
}

function resolve(document: OpenApiDocument, schema: JsonSchema): JsonSchema {
  const reference = schema.$ref;
  if (typeof reference !== 'string') return schema;
  const name = reference.replace('#/components/schemas/', '');
  return resolve(document, (document.components.schemas?.[name] ?? {}) as JsonSchema);
}
