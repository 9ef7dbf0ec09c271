import { type Check, sqlCheck } from './check.ts';

/** What product-service's own books must say. */
export const STOCK_CHECKS: readonly Check[] = [
  sqlCheck({
    name: 'stock-in-bounds',
    rule: 'Nothing is sold or reserved that is not there',
    database: 'products',
    sql: `SELECT 'product ' || product_id AS subject, 'on hand >= reserved >= 0' AS expected,
                 format('%s on hand, %s reserved', on_hand, reserved) AS found
          FROM inventory WHERE on_hand < 0 OR reserved < 0 OR reserved > on_hand`,
  }),
  sqlCheck({
    name: 'stock-reserved',
    rule: 'Reserved is what active reservations hold',
    database: 'products',
    sql: `SELECT 'product ' || v.product_id AS subject, coalesce(a.held, 0) || ' reserved' AS expected,
                 v.reserved || ' reserved' AS found
          FROM inventory v LEFT JOIN (
            SELECT i.product_id, sum(i.quantity) AS held FROM reservations r
            JOIN reservation_items i ON i.order_id = r.order_id WHERE r.status = 'active' GROUP BY i.product_id
          ) a ON a.product_id = v.product_id
          WHERE v.reserved <> coalesce(a.held, 0)`,
  }),
  sqlCheck({
    name: 'stock-conserved',
    rule: 'On hand is the sum of all movements',
    database: 'products',
    sql: `SELECT 'product ' || v.product_id AS subject, coalesce(m.sum, 0) || ' on hand' AS expected,
                 v.on_hand || ' on hand' AS found
          FROM inventory v LEFT JOIN (
            SELECT product_id, sum(delta) AS sum FROM inventory_movements GROUP BY product_id
          ) m ON m.product_id = v.product_id
          WHERE v.on_hand <> coalesce(m.sum, 0)`,
  }),
  sqlCheck({
    name: 'reservation-moved-once',
    rule: 'A committed reservation has left the stock once, a restocked one has come back once, any other has not moved it',
    database: 'products',
    sql: `WITH moved AS (
            SELECT order_id, product_id, coalesce(sum(-delta) FILTER (WHERE delta < 0), 0) AS sold,
                   coalesce(sum(delta) FILTER (WHERE delta > 0), 0) AS returned
            FROM inventory_movements WHERE order_id IS NOT NULL GROUP BY order_id, product_id
          ), wanted AS (
            SELECT i.order_id, i.product_id,
                   CASE WHEN r.status IN ('committed', 'restocked') THEN i.quantity ELSE 0 END AS sold,
                   CASE WHEN r.status = 'restocked' THEN i.quantity ELSE 0 END AS returned
            FROM reservations r JOIN reservation_items i ON i.order_id = r.order_id
          )
          SELECT format('order %s, product %s', coalesce(w.order_id, m.order_id), coalesce(w.product_id, m.product_id)) AS subject,
                 format('%s sold, %s returned', coalesce(w.sold, 0), coalesce(w.returned, 0)) AS expected,
                 format('%s sold, %s returned', coalesce(m.sold, 0), coalesce(m.returned, 0)) AS found
          FROM wanted w FULL JOIN moved m ON m.order_id = w.order_id AND m.product_id = w.product_id
          WHERE coalesce(w.sold, 0) <> coalesce(m.sold, 0) OR coalesce(w.returned, 0) <> coalesce(m.returned, 0)`,
  }),
  sqlCheck({
    name: 'reservation-ends',
    rule: 'No reservation is active after its expiry',
    database: 'products',
    sql: `SELECT 'order ' || order_id AS subject, 'its reservation has ended' AS expected,
                 'active, expired at ' || to_char(expires_at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS"Z"') AS found
          FROM reservations WHERE status = 'active' AND expires_at < now() - $1::interval`,
  }),
];
