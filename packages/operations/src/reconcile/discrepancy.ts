/** Something that does not add up. The three texts together tell one discrepancy from another. */
export interface Discrepancy {
  /** The order, product, payment or message. */
  subject: string;
  expected: string;
  found: string;
}

/** The columns by which a statement tells a discrepancy. */
export type DiscrepancyRow = { subject: string; expected: string | null; found: string | null };

export function toDiscrepancy(row: DiscrepancyRow): Discrepancy {
  return { subject: row.subject, expected: row.expected ?? 'nothing', found: row.found ?? 'nothing' };
}
