import { type Html, html, withCode } from './html.ts';

type Schema = Record<string, unknown>;

/** Objects in objects beyond this are named, not unfolded. */
const DEPTH_MAX = 4;
const REF = '#/components/schemas/';

export interface SchemaViewOptions {
  schemas: Schema;
  /** A client must know what it has to send; an answer always has all its fields. */
  showsRequired: boolean;
}

/** A schema as a list of fields, nested ones unfolded. */
export function schemaView(schema: unknown, options: SchemaViewOptions, depth = 0): Html {
  const { schemas } = options;
  const resolved = itemsOf(resolve(schema, schemas), schemas);
  const fields = fieldsOf(resolved);
  if (fields === undefined || depth >= DEPTH_MAX) return html``;
  const required = new Set(options.showsRequired && Array.isArray(resolved.required) ? resolved.required : []);
  const rows = Object.entries(fields).map(([name, field]) => {
    const inner = resolve(field, schemas);
    return html`<li><code>${name}</code> <span class="soft">${typeOf(field, schemas)}</span>
      ${required.has(name) ? html`<span class="required">required</span>` : undefined}
      ${typeof inner.description === 'string' ? html`<span class="soft">— ${withCode(inner.description)}</span>` : undefined}
      ${schemaView(nested(inner), options, depth + 1)}</li>`;
  });
  return html`<ul class="schema">${rows}</ul>`;
}

/** `Order`, `array of Product`, `string (uuid)`, `string or null`, `"EUR" | "USD"`, with its limits. */
export function typeOf(schema: unknown, schemas: Schema): string {
  const given = asSchema(schema);
  const ref = given.$ref;
  if (typeof ref === 'string') {
    const name = ref.slice(REF.length);
    return fieldsOf(resolve(schema, schemas)) === undefined ? typeOf(schemas[name], schemas) : name;
  }
  const alternatives = given.anyOf ?? given.oneOf;
  if (Array.isArray(alternatives)) return [...new Set(alternatives.map((one) => typeOf(one, schemas)))].join(' or ');
  if (Array.isArray(given.enum)) return given.enum.map((value) => JSON.stringify(value)).join(' | ');
  if (given.const !== undefined) return JSON.stringify(given.const);
  if (given.type === 'array') return `array of ${typeOf(given.items, schemas)}${limits(given, 'Items')}`;
  const type = Array.isArray(given.type) ? given.type.join(' or ') : String(given.type ?? 'any');
  const format = typeof given.format === 'string' ? ` (${given.format})` : '';
  return `${type}${format}${limits(given, 'Length')}${range(given)}`;
}

function limits(schema: Schema, what: 'Items' | 'Length'): string {
  const min = schema[`min${what}`];
  const max = schema[`max${what}`];
  const unit = what === 'Items' ? 'items' : 'characters';
  if (min !== undefined && max !== undefined) return `, ${String(min)} to ${String(max)} ${unit}`;
  if (max !== undefined) return `, at most ${String(max)} ${unit}`;
  return min === undefined ? '' : `, at least ${String(min)} ${unit}`;
}

function range(schema: Schema): string {
  const { minimum, maximum } = schema;
  // Safe integers are the limit of JSON, not of the field.
  const shown = (value: unknown) => typeof value === 'number' && Math.abs(value) < Number.MAX_SAFE_INTEGER;
  if (shown(minimum) && shown(maximum)) return `, ${String(minimum)} to ${String(maximum)}`;
  if (shown(maximum)) return `, at most ${String(maximum)}`;
  return shown(minimum) ? `, at least ${String(minimum)}` : '';
}

function resolve(schema: unknown, schemas: Schema): Schema {
  const given = asSchema(schema);
  return typeof given.$ref === 'string' ? asSchema(schemas[given.$ref.slice(REF.length)]) : given;
}

/** What a field unfolds to: the items of an array, the one alternative that is not null. */
function nested(schema: Schema): unknown {
  if (schema.type === 'array') return schema.items;
  const alternatives = schema.anyOf ?? schema.oneOf;
  return Array.isArray(alternatives) ? alternatives.find((one) => asSchema(one).type !== 'null') : schema;
}

/** The schema of an array's items; any other schema itself. */
function itemsOf(schema: Schema, schemas: Schema): Schema {
  return schema.type === 'array' ? itemsOf(resolve(schema.items, schemas), schemas) : schema;
}

function fieldsOf(schema: Schema): Schema | undefined {
  if (schema.type === 'array') return fieldsOf(asSchema(schema.items));
  return typeof schema.properties === 'object' && schema.properties !== null ? asSchema(schema.properties) : undefined;
}

function asSchema(value: unknown): Schema {
  return typeof value === 'object' && value !== null ? (value as Schema) : {};
}
