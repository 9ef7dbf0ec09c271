import assert from 'node:assert';
import { isDeepStrictEqual } from 'node:util';
import { z } from 'zod';

export type JsonSchema = Record<string, unknown>;

/** Collects the named schemas of a document: what has `.meta({ id })` becomes a component and is referred to. */
export interface SchemaCollector {
  /** A request's schema, as the client sends it. */
  input(schema: z.ZodType, where: string): JsonSchema;
  /** An answer's schema. */
  output(schema: z.ZodType): JsonSchema;
  readonly components: Record<string, JsonSchema>;
}

export function createSchemaCollector(): SchemaCollector {
  const components: Record<string, JsonSchema> = {};
  /** Adds a named schema; a second one of the same name and another content (request against answer) gets a suffix. */
  const addComponent = (name: string, schema: JsonSchema, suffix: string): string => {
    const known = components[name];
    if (known === undefined || isDeepStrictEqual(known, schema)) {
      components[name] = schema;
      return name;
    }
    const other = components[name + suffix];
    assert(
      other === undefined || isDeepStrictEqual(other, schema),
      `two different schemas are called ${name}${suffix}`,
    );
    components[name + suffix] = schema;
    return name + suffix;
  };
  const convert = (schema: z.ZodType, io: 'input' | 'output'): JsonSchema => {
    const json = z.toJSONSchema(schema, { io, unrepresentable: 'any', cycles: 'ref' }) as JsonSchema;
    const { $schema: _version, $defs, id, ...root } = json;
    const suffix = io === 'input' ? 'Input' : 'Output';
    const definitions = ($defs ?? {}) as Record<string, JsonSchema>;
    const names = new Map<string, string>();
    for (const name of Object.keys(definitions)) names.set(name, name);
    const clean = (value: unknown) => tidy(value, { io, names });
    for (const [name, definition] of Object.entries(definitions)) {
      const { id: _id, ...rest } = definition;
      names.set(name, addComponent(name, clean(rest) as JsonSchema, suffix));
    }
    const result = clean(root) as JsonSchema;
    if (typeof id !== 'string') return result;
    return { $ref: `#/components/schemas/${addComponent(id, result, suffix)}` };
  };
  return {
    components,
    input(schema, where) {
      const json = convert(schema, 'input');
      assertStrict(json, where);
      return json;
    },
    output: (schema) => convert(schema, 'output'),
  };
}

interface TidyOptions {
  io: 'input' | 'output';
  names: ReadonlyMap<string, string>;
}

/** References as OpenAPI has them; answers stay open for further fields; a number from a query shows no string pattern. */
function tidy(value: unknown, options: TidyOptions): unknown {
  if (Array.isArray(value)) return value.map((element) => tidy(element, options));
  if (typeof value !== 'object' || value === null) return value;
  const tidied: JsonSchema = {};
  for (const [key, member] of Object.entries(value)) {
    if (key === '$ref' && typeof member === 'string') {
      const name = member.replace('#/$defs/', '');
      tidied.$ref = `#/components/schemas/${options.names.get(name) ?? name}`;
    } else if (key === 'additionalProperties' && member === false && options.io === 'output') continue;
    else tidied[key] = tidy(member, options);
  }
  if (tidied.type === 'integer' || tidied.type === 'boolean') delete tidied.pattern;
  if (tidied.type === 'integer') {
    if (tidied.maximum === Number.MAX_SAFE_INTEGER) delete tidied.maximum;
    if (tidied.minimum === Number.MIN_SAFE_INTEGER) delete tidied.minimum;
  }
  return tidied;
}

/** A body's object that lets unknown fields through would break the contract silently. */
function assertStrict(json: unknown, where: string): void {
  if (Array.isArray(json)) for (const element of json) assertStrict(element, where);
  if (typeof json !== 'object' || json === null || Array.isArray(json)) return;
  const schema = json as JsonSchema;
  if (schema.type === 'object' && schema.properties !== undefined) {
    assert(
      schema.additionalProperties === false,
      `${where}: expected z.strictObject wherever a request holds an object`,
    );
  }
  for (const member of Object.values(schema)) assertStrict(member, where);
}
