import { type CursorCodec, createCursorCodec } from '@souk/http';

/** A place in a list that is sorted by creation, newest first; ids break ties. */
export interface ListPosition {
  createdAt: Date;
  id: string;
}

/** Cursors of one list; `scope` names it together with its owner and filters. */
export interface ListCursors {
  after(cursor: string | undefined): ListPosition | undefined;
  of(row: ListPosition): string;
}

export function createListCursors(options: { secret: string; scope: string }): ListCursors {
  const codec: CursorCodec = createCursorCodec(options);
  return {
    after(cursor) {
      if (cursor === undefined) return undefined;
      const [createdAtMs, id] = codec.decode(cursor);
      return { createdAt: new Date(Number(createdAtMs)), id: String(id) };
    },
    of: (row) => codec.encode([row.createdAt.getTime(), row.id]),
  };
}
