import type { z } from 'zod';

/**
 * A rule between fields of one object. It is stated once and becomes a CEL rule of the CRD, a condition of the chart's
 * values schema and a check of the operator, which must not trust that the API server has a CRD as new as itself.
 */
export type Rule =
  | { kind: 'needed'; field: string; value: string; needs: string; message: string }
  | { kind: 'together'; fields: readonly [string, string]; message: string }
  | { kind: 'ordered'; fields: readonly [string, string]; message: string }
  | { kind: 'frozen'; field: string; message: string };

type Fields = Readonly<Record<string, unknown>>;

/** Attaches rules to an object: checked when parsed, and kept for the generated schemas. */
export function withRules<T extends z.ZodObject>(schema: T, rules: readonly Rule[]): T {
  return schema
    .superRefine((value, context) => {
      for (const rule of rules) {
        if (isBroken(rule, value as Fields)) context.addIssue({ code: 'custom', message: rule.message });
      }
    })
    .meta({ 'x-souk-rules': rules }) as T;
}

function isBroken(rule: Rule, value: Fields): boolean {
  switch (rule.kind) {
    case 'needed':
      return value[rule.field] === rule.value && value[rule.needs] === undefined;
    case 'together':
      return value[rule.fields[0]] !== undefined && value[rule.fields[1]] !== undefined;
    case 'ordered':
      return Number(value[rule.fields[0]]) > Number(value[rule.fields[1]]);
    case 'frozen':
      return false; // Only the API server knows what the field was.
  }
}

/** The rule in the API server's language. */
export function toCel(rule: Rule): { rule: string; message: string } {
  return { rule: celOf(rule), message: rule.message };
}

function celOf(rule: Rule): string {
  switch (rule.kind) {
    case 'needed':
      // Defaults are checked before they are filled in.
      return `!has(self.${rule.field}) || self.${rule.field} != '${rule.value}' || has(self.${rule.needs})`;
    case 'together':
      return `!(has(self.${rule.fields[0]}) && has(self.${rule.fields[1]}))`;
    case 'ordered':
      return `!has(self.${rule.fields[0]}) || !has(self.${rule.fields[1]}) || self.${rule.fields[0]} <= self.${rule.fields[1]}`;
    case 'frozen':
      return `has(self.${rule.field}) == has(oldSelf.${rule.field}) && (!has(self.${rule.field}) || self.${rule.field} == oldSelf.${rule.field})`;
  }
}

/** The rule in JSON Schema, for `helm lint`; undefined where JSON Schema cannot say it. */
export function toJsonSchema(rule: Rule): Record<string, unknown> | undefined {
  switch (rule.kind) {
    case 'needed':
      return {
        if: { properties: { [rule.field]: { const: rule.value } }, required: [rule.field] },
        // biome-ignore lint/suspicious/noThenProperty: the keyword of JSON Schema
        then: { required: [rule.needs] },
      };
    case 'together':
      return { not: { required: [...rule.fields] } };
    default:
      return undefined;
  }
}
