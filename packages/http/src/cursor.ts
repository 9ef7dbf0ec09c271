export type CursorValue = string | number;

export interface CursorCodec {
  encode(values: readonly CursorValue[]): string;
  /** Throws `Refusal` `validation` at `/cursor` for what this codec did not make. */
  decode(cursor: string): CursorValue[];
}

/**
 * Opaque, signed positions in a list. `scope` names the list and everything that shapes it (filters, owner, sorting), so
 * that a cursor of another list is as foreign as a forged one.
 */
export function createCursorCodec(_options: { secret: string; scope: string }): CursorCodec {
  return undefined as never;
}
