import { type Pool, type Queryable, transaction } from '@souk/service-runtime';
import type { PrismaClient } from '../generated/prisma/client.ts';

export interface CartItem {
  productId: string;
  quantity: number;
}

/** What placing an order needs of the cart, inside its transactions. */
export interface CartSource {
  readForOrder(db: Queryable, userId: string): Promise<{ generation: number; items: CartItem[] }>;
  /** Takes the ordered products out; false where another order emptied the cart meanwhile. */
  empty(tx: Queryable, order: EmptyCart): Promise<boolean>;
}

export interface EmptyCart {
  userId: string;
  /** The cart's number when its lines were read. */
  generation: number;
  productIds: readonly string[];
  at: Date;
}

/** What the customer does with the cart. */
export interface CartRepository extends CartSource {
  list(userId: string): Promise<CartItem[]>;
  /** False where the cart has `linesMax` other lines already. */
  put(userId: string, item: CartItem, limits: { linesMax: number; at: Date }): Promise<boolean>;
  remove(userId: string, productId: string): Promise<void>;
  clear(userId: string): Promise<void>;
}

/**
 * By Prisma, but for the statements of an order's transactions and for putting a line: Prisma's transaction takes seven
 * round trips with the cart locked, and fifty lines put at once waited longer than a lock may be waited for.
 */
export function prismaCartRepository(prisma: PrismaClient, pool: Pool): CartRepository {
  return {
    async list(userId) {
      return await prisma.cartItem.findMany({
        where: { userId },
        orderBy: [{ addedAt: 'asc' }, { productId: 'asc' }],
        select: { productId: true, quantity: true },
      });
    },
    async put(userId, { productId, quantity }, { linesMax, at }) {
      return await transaction(pool, async (tx) => {
        // Locks the cart: two lines put at once are counted one after the other, so the count is a statement of its own.
        await tx.query(
          `INSERT INTO carts (user_id, updated_at) VALUES ($1, $2)
           ON CONFLICT (user_id) DO UPDATE SET updated_at = excluded.updated_at`,
          [userId, at],
        );
        const { rowCount } = await tx.query(
          `INSERT INTO cart_items (user_id, product_id, quantity, added_at)
           SELECT $1::uuid, $2::uuid, $3::integer, $4::timestamptz
           WHERE (SELECT count(*) FROM cart_items WHERE user_id = $1::uuid AND product_id <> $2::uuid) < $5::integer
           ON CONFLICT (user_id, product_id) DO UPDATE SET quantity = excluded.quantity`,
          [userId, productId, quantity, at, linesMax],
        );
        return rowCount === 1;
      });
    },
    async remove(userId, productId) {
      await prisma.cartItem.deleteMany({ where: { userId, productId } });
    },
    async clear(userId) {
      await prisma.cartItem.deleteMany({ where: { userId } });
    },
    async readForOrder(db, userId) {
      const { rows } = await db.query<{ generation: number; product_id: string | null; quantity: number | null }>(
        `SELECT c.generation, i.product_id, i.quantity FROM carts c LEFT JOIN cart_items i ON i.user_id = c.user_id
         WHERE c.user_id = $1 ORDER BY i.added_at, i.product_id`,
        [userId],
      );
      const items = rows.flatMap(({ product_id: productId, quantity }) =>
        productId === null || quantity === null ? [] : [{ productId, quantity }],
      );
      return { generation: rows[0]?.generation ?? 0, items };
    },
    async empty(tx, { userId, generation, productIds, at }) {
      const { rows } = await tx.query<{ found: boolean }>(
        `WITH cart AS (
           UPDATE carts SET generation = generation + 1, updated_at = $4 WHERE user_id = $1 AND generation = $2
           RETURNING user_id
         ), emptied AS (
           DELETE FROM cart_items WHERE user_id IN (SELECT user_id FROM cart) AND product_id = ANY($3::uuid[])
         )
         SELECT EXISTS (SELECT 1 FROM cart) AS found`,
        [userId, generation, productIds, at],
      );
      return rows[0]?.found === true;
    },
  };
}
