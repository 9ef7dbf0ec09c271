import { type Check, sqlCheck } from './check.ts';

/** What order-service's own books must say. */
export const ORDER_CHECKS: readonly Check[] = [
  sqlCheck({
    name: 'order-total',
    rule: 'An order has lines, and its total is their sum',
    database: 'orders',
    sql: `SELECT 'order ' || o.id AS subject, 'lines that sum up to ' || o.total_amount AS expected,
                 format('%s lines, %s', count(l.order_id), coalesce(sum(l.line_total_amount), 0)) AS found
          FROM orders o LEFT JOIN order_lines l ON l.order_id = o.id
          GROUP BY o.id HAVING count(l.order_id) = 0 OR sum(l.line_total_amount) <> o.total_amount`,
  }),
  sqlCheck({
    name: 'order-transitions',
    rule: 'Cancelled is final; completed becomes cancelled only while unfulfilled',
    database: 'orders',
    sql: `SELECT format('order %s, version %s', order_id, version) AS subject, 'a change that is allowed' AS expected,
                 format('%s %s → %s %s', was, fulfilled, status, fulfillment_status) AS found
          FROM (SELECT *, lag(status) OVER w AS was, lag(fulfillment_status) OVER w AS fulfilled FROM order_history
                WINDOW w AS (PARTITION BY order_id ORDER BY version)) h
          WHERE was IS NOT NULL AND (
            (was = 'cancelled' AND status <> 'cancelled')
            OR (was = 'completed' AND status = 'pending')
            OR (was = 'completed' AND status = 'cancelled' AND fulfilled <> 'unfulfilled')
            OR (fulfilled = 'delivered' AND fulfillment_status <> 'delivered')
            OR (fulfilled = 'shipped' AND fulfillment_status = 'unfulfilled')
            OR (fulfillment_status <> 'unfulfilled' AND status <> 'completed'))`,
  }),
  sqlCheck({
    name: 'order-versions',
    rule: 'Every version of an order is in its history, and the last one is the order',
    database: 'orders',
    sql: `SELECT 'order ' || o.id AS subject,
                 format('versions 1 to %s, %s, %s, %s', o.version, o.status, o.payment_status, o.fulfillment_status) AS expected,
                 format('%s of them, the last %s, %s, %s, %s', count(h.order_id), max(h.version), (array_agg(h.status ORDER BY h.version DESC))[1],
                   (array_agg(h.payment_status ORDER BY h.version DESC))[1], (array_agg(h.fulfillment_status ORDER BY h.version DESC))[1]) AS found
          FROM orders o LEFT JOIN order_history h ON h.order_id = o.id
          GROUP BY o.id
          HAVING count(h.order_id) <> o.version OR max(h.version) <> o.version
            OR (array_agg(h.status ORDER BY h.version DESC))[1] <> o.status
            OR (array_agg(h.payment_status ORDER BY h.version DESC))[1] <> o.payment_status
            OR (array_agg(h.fulfillment_status ORDER BY h.version DESC))[1] <> o.fulfillment_status`,
  }),
  sqlCheck({
    name: 'order-events',
    rule: 'Every version of an order has told one event, and no event tells of another',
    database: 'orders',
    // Published events are kept for 30 days.
    sql: `SELECT format('order %s, version %s', coalesce(h.order_id, x.aggregate_id), coalesce(h.version, x.sequence)) AS subject,
                 coalesce(h.type || ' ' || h.event_id, 'no event') AS expected, coalesce(x.type || ' ' || x.id, 'no event') AS found
          FROM (SELECT * FROM order_history WHERE at > now() - interval '29 days') h
          FULL JOIN (SELECT * FROM outbox WHERE type LIKE 'order.%' AND created_at > now() - interval '28 days') x
            ON x.aggregate_id = h.order_id AND x.sequence = h.version AND x.id = h.event_id AND x.type = h.type
          WHERE (x.id IS NULL AND h.at > now() - interval '28 days') OR h.order_id IS NULL`,
  }),
  sqlCheck({
    name: 'order-acknowledged',
    rule: 'An order that was answered with 201 exists',
    database: 'orders',
    sql: `SELECT 'order ' || k.resource_id AS subject, 'an order' AS expected,
                 format('only the answer to the key %s', k.id) AS found
          FROM idempotency_keys k LEFT JOIN orders o ON o.id = k.resource_id
          WHERE k.method = 'POST' AND k.path = '/api/v1/orders' AND k.response_status = 201 AND o.id IS NULL`,
  }),
  sqlCheck({
    name: 'order-decided',
    rule: 'No order is pending after its reservation has expired',
    database: 'orders',
    sql: `SELECT 'order ' || id AS subject, 'completed or cancelled' AS expected, 'pending, payment ' || payment_status AS found
          FROM orders WHERE status = 'pending' AND reservation_expires_at < now() - $1::interval`,
  }),
  sqlCheck({
    name: 'order-settled',
    rule: 'The stock and the money of an ended order are settled',
    database: 'orders',
    sql: `SELECT 'order ' || id AS subject, 'settled' AS expected,
                 format('%s, payment %s, stock %s', status, payment_status, coalesce(stock_outcome, 'not confirmed')) AS found
          FROM orders WHERE status <> 'pending' AND updated_at < now() - $1::interval
            AND (stock_outcome IS NULL OR (status = 'cancelled' AND payment_status NOT IN ('failed', 'voided', 'refunded')))`,
  }),
];
