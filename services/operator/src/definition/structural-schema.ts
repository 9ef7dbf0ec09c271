import { z } from 'zod';
import { type Rule, toCel, toJsonSchema } from '../shop/rules.ts';

/** A schema as plain JSON. */
export interface Schema {
  type?: string;
  description?: string;
  default?: unknown;
  enum?: unknown[];
  properties?: Record<string, Schema>;
  required?: string[];
  items?: Schema;
  additionalProperties?: boolean | Schema;
  'x-souk-rules'?: Rule[];
  [keyword: string]: unknown;
}

/** The schema that zod has of a type, before it is made one of Kubernetes or Helm. */
export function plainSchema(type: z.ZodType): Schema {
  return z.toJSONSchema(type, { io: 'input', target: 'openapi-3.0' }) as Schema;
}

function mapSchema(schema: Schema, change: (schema: Schema) => Schema): Schema {
  const { additionalProperties, items, properties } = schema;
  const inner: Schema = {
    ...schema,
    ...(properties
      ? {
          properties: Object.fromEntries(
            Object.entries(properties).map(([name, property]) => [name, mapSchema(property, change)]),
          ),
        }
      : {}),
    ...(items ? { items: mapSchema(items, change) } : {}),
    ...(typeof additionalProperties === 'object'
      ? { additionalProperties: mapSchema(additionalProperties, change) }
      : {}),
  };
  return change(inner);
}

/** Kubernetes: structural, rules in CEL. Unknown fields are refused or dropped by the API server itself. */
export function toStructural(schema: Schema): Schema {
  return mapSchema(schema, ({ 'x-souk-rules': rules, propertyNames: _names, ...rest }) => {
    if (rest.additionalProperties === false) delete rest.additionalProperties;
    // JavaScript's bounds of a safe integer say nothing.
    if (rest.maximum === Number.MAX_SAFE_INTEGER) delete rest.maximum;
    if (rest.minimum === Number.MIN_SAFE_INTEGER) delete rest.minimum;
    return rules?.length ? { ...rest, 'x-kubernetes-validations': rules.map(toCel) } : rest;
  });
}

/** Helm: draft 7, closed everywhere, rules as conditions. */
export function toHelm(schema: Schema): Schema {
  return mapSchema(schema, ({ 'x-souk-rules': rules = [], propertyNames: _names, ...rest }) => {
    const allOf = rules.flatMap((rule) => toJsonSchema(rule) ?? []);
    return allOf.length > 0 ? { ...rest, allOf } : rest;
  });
}
