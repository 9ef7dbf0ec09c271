import { type FieldError, Refusal } from '@souk/contracts';
import type { z } from 'zod';
import { pointerToken } from './json-inspection.ts';

type Issue = z.core.$ZodIssue;

function pointerOf(path: readonly PropertyKey[]): string {
  return path.map((key) => `/${pointerToken(String(key))}`).join('');
}

/** zod's issues as field errors: one per unknown field, the nearest branch of a union, never the value that was sent. */
export function toFieldErrors(issues: readonly Issue[], base: readonly PropertyKey[] = []): FieldError[] {
  return issues.flatMap((issue): FieldError[] => {
    const path = [...base, ...issue.path];
    if (issue.code === 'unrecognized_keys') {
      return issue.keys.map((key) => ({ pointer: pointerOf([...path, key]), detail: 'unknown field' }));
    }
    if (issue.code === 'invalid_union') {
      const nearest = issue.errors.toSorted((a, b) => a.length - b.length)[0];
      if (nearest !== undefined && nearest.length > 0) return toFieldErrors(nearest, path);
    }
    return [{ pointer: pointerOf(path), detail: detailOf(issue) }];
  });
}

function detailOf(issue: Issue): string {
  if (issue.code === 'invalid_type' && issue.message.endsWith('received undefined')) {
    return `required: expected ${issue.expected}`;
  }
  return issue.message.replace(/^Invalid input: /, '').replace(/^Invalid (option|string): /, '');
}

export function validationRefusal(errors: readonly FieldError[]): Refusal {
  const [first] = errors;
  const where = first === undefined ? '' : `${first.pointer === '' ? 'The body' : first.pointer}: ${first.detail}`;
  const more = errors.length > 1 ? ` (and ${errors.length - 1} more)` : '';
  return new Refusal('validation', `${where}${more}`, { errors });
}
