import { type CursorCodec, type Page, page } from '@souk/http';
import type { PrismaClient } from '../generated/prisma/client.ts';

export interface MovementAnswer {
  at: string;
  delta: number;
  reason: string;
  orderId: string | null;
  onHandAfter: number;
}

export interface ListMovements {
  productId: string;
  limit: number;
  cursor: string | undefined;
}

/**
 * What came and went, newest first. Movements of one product are numbered while its stock is locked, so a page never
 * misses one that was there when the walk began.
 */
export async function listMovements(
  prisma: PrismaClient,
  codec: CursorCodec,
  { productId, limit, cursor }: ListMovements,
): Promise<Page<MovementAnswer>> {
  const [before] = cursor === undefined ? [] : codec.decode(cursor);
  const [rows, total] = await Promise.all([
    prisma.inventoryMovement.findMany({
      where: { productId, ...(before === undefined ? {} : { id: { lt: BigInt(before) } }) },
      orderBy: { id: 'desc' },
      take: limit + 1,
    }),
    prisma.inventoryMovement.count({ where: { productId } }),
  ]);
  return page({
    rows,
    limit,
    total,
    toItem: (row) => ({
      at: row.at.toISOString(),
      delta: row.delta,
      reason: row.reason,
      orderId: row.orderId,
      onHandAfter: row.onHandAfter,
    }),
    cursorOf: (row) => codec.encode([String(row.id)]),
  });
}
