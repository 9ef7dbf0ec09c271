-- Orders, their lines, history and timeline; carts; messages; idempotency keys.

CREATE TABLE orders (
  id uuid PRIMARY KEY,
  user_id uuid NOT NULL,
  -- Null once the owner is erased.
  email text,
  status text NOT NULL,
  payment_status text NOT NULL,
  fulfillment_status text NOT NULL,
  total_amount bigint NOT NULL,
  currency text NOT NULL,
  shipping_address jsonb NOT NULL,
  payment_method text,
  cancel_reason text,
  carrier text,
  tracking_number text,
  reservation_expires_at timestamptz(3) NOT NULL,
  version integer NOT NULL,
  -- The sequence of the newest payment event that was applied.
  payment_sequence integer NOT NULL DEFAULT 0,
  -- The number of the newest timeline entry.
  timeline_sequence integer NOT NULL,
  erasure text NOT NULL DEFAULT 'none',
  -- What product-service confirmed to have done with the stock; null until then.
  stock_outcome text,
  -- When the sweep asks next; null while nothing is to be settled.
  stock_settle_after timestamptz(3),
  -- When the last event is published again; null once the payment is settled or waits for a method.
  redrive_after timestamptz(3),
  created_at timestamptz(3) NOT NULL,
  updated_at timestamptz(3) NOT NULL,
  CONSTRAINT orders_allowed_states CHECK (
    (status = 'pending' AND payment_status = 'awaiting' AND fulfillment_status = 'unfulfilled' AND cancel_reason IS NULL)
    OR (status = 'completed' AND payment_status IN ('captured', 'partially_refunded', 'refunded')
      AND fulfillment_status IN ('unfulfilled', 'shipped', 'delivered') AND cancel_reason IS NULL)
    OR (status = 'cancelled' AND payment_status IN ('awaiting', 'captured', 'failed', 'voided', 'partially_refunded', 'refunded')
      AND fulfillment_status = 'unfulfilled' AND cancel_reason IS NOT NULL)
  ),
  CONSTRAINT orders_tracking_when_shipped CHECK (
    (fulfillment_status = 'unfulfilled') = (carrier IS NULL) AND (carrier IS NULL) = (tracking_number IS NULL)
  ),
  CONSTRAINT orders_stock_outcome_fits CHECK (
    stock_outcome IS NULL
    OR (status = 'completed' AND stock_outcome = 'committed')
    OR (status = 'cancelled' AND stock_outcome IN ('released', 'restocked'))
  ),
  -- 100 lines of 99 pieces at 99,999,999 minor units.
  CONSTRAINT orders_total_in_bounds CHECK (total_amount BETWEEN 0 AND 989999990100),
  CONSTRAINT orders_currency_is_iso CHECK (currency ~ '^[A-Z]{3}$'),
  CONSTRAINT orders_numbers_from_one CHECK (version >= 1 AND timeline_sequence >= version AND payment_sequence >= 0),
  CONSTRAINT orders_erasure_known CHECK (erasure IN ('none', 'requested', 'done')),
  CONSTRAINT orders_email_until_erased CHECK ((email IS NULL) = (erasure = 'done'))
);
CREATE INDEX orders_user ON orders (user_id, created_at DESC, id DESC);
CREATE INDEX orders_created ON orders (created_at DESC, id DESC);
CREATE INDEX orders_to_settle ON orders (stock_settle_after) WHERE stock_settle_after IS NOT NULL;
CREATE INDEX orders_to_redrive ON orders (redrive_after) WHERE redrive_after IS NOT NULL;
CREATE INDEX orders_to_erase ON orders (user_id) WHERE erasure = 'requested';
CREATE INDEX orders_pending ON orders (id) WHERE status = 'pending';

CREATE TABLE order_lines (
  order_id uuid NOT NULL REFERENCES orders (id),
  position integer NOT NULL,
  product_id uuid NOT NULL,
  sku text NOT NULL,
  name text NOT NULL,
  quantity integer NOT NULL,
  unit_price_amount integer NOT NULL,
  line_total_amount bigint NOT NULL,
  PRIMARY KEY (order_id, position),
  CONSTRAINT order_lines_product UNIQUE (order_id, product_id),
  CONSTRAINT order_lines_position_in_bounds CHECK (position BETWEEN 0 AND 99),
  CONSTRAINT order_lines_quantity_in_bounds CHECK (quantity BETWEEN 1 AND 99),
  CONSTRAINT order_lines_unit_price_in_bounds CHECK (unit_price_amount BETWEEN 0 AND 99999999),
  CONSTRAINT order_lines_line_total CHECK (line_total_amount = unit_price_amount::bigint * quantity)
);

-- One row per version: what the order was after each change.
CREATE TABLE order_history (
  order_id uuid NOT NULL REFERENCES orders (id),
  version integer NOT NULL,
  event_id uuid NOT NULL,
  type text NOT NULL,
  status text NOT NULL,
  payment_status text NOT NULL,
  fulfillment_status text NOT NULL,
  changed text[] NOT NULL,
  at timestamptz(3) NOT NULL,
  PRIMARY KEY (order_id, version)
);

-- What the owner sees: the order's own changes and what other services reported, in a numbering of its own.
CREATE TABLE order_timeline (
  order_id uuid NOT NULL REFERENCES orders (id),
  sequence integer NOT NULL,
  event_id uuid NOT NULL,
  type text NOT NULL,
  data jsonb NOT NULL,
  at timestamptz(3) NOT NULL,
  PRIMARY KEY (order_id, sequence),
  CONSTRAINT order_timeline_event UNIQUE (order_id, event_id)
);

-- Reservations that no order stands behind: to be released by DELETE, outside of the transaction that found out.
CREATE TABLE orphaned_reservations (
  order_id uuid PRIMARY KEY,
  release_after timestamptz(3) NOT NULL,
  found_at timestamptz(3) NOT NULL
);
CREATE INDEX orphaned_reservations_due ON orphaned_reservations (release_after);

-- One row per open timeline stream of any replica, so that the limit of a user holds across them.
CREATE TABLE timeline_streams (
  id uuid PRIMARY KEY,
  user_id uuid NOT NULL,
  expires_at timestamptz(3) NOT NULL
);
CREATE INDEX timeline_streams_user ON timeline_streams (user_id);

-- Whose personal data must go, also from orders that were still being placed when the news came.
CREATE TABLE erased_users (
  user_id uuid PRIMARY KEY,
  erased_at timestamptz(3) NOT NULL
);
CREATE INDEX erased_users_erased_at ON erased_users (erased_at);

CREATE TABLE carts (
  user_id uuid PRIMARY KEY,
  -- Counts the orders that emptied this cart: of several orders of one cart only the first finds its number.
  generation integer NOT NULL DEFAULT 0,
  updated_at timestamptz(3) NOT NULL
);

CREATE TABLE cart_items (
  user_id uuid NOT NULL REFERENCES carts (user_id) ON DELETE CASCADE ON UPDATE CASCADE,
  product_id uuid NOT NULL,
  quantity integer NOT NULL,
  added_at timestamptz(3) NOT NULL,
  PRIMARY KEY (user_id, product_id),
  CONSTRAINT cart_items_quantity_in_bounds CHECK (quantity BETWEEN 1 AND 99)
);


-- Facts this service has to tell, written in the transaction of the change they tell of.
CREATE TABLE outbox (
  id uuid PRIMARY KEY,
  position bigint GENERATED ALWAYS AS IDENTITY,
  aggregate_id uuid NOT NULL,
  sequence integer,
  type text NOT NULL,
  body text NOT NULL,
  created_at timestamptz NOT NULL DEFAULT now(),
  claimed_by uuid,
  claimed_until timestamptz,
  published_at timestamptz,
  redrive integer NOT NULL DEFAULT 0
);
CREATE INDEX outbox_unpublished ON outbox (position) WHERE published_at IS NULL;
CREATE INDEX outbox_aggregate ON outbox (aggregate_id, position);

-- What this service has heard: one row per message, written in the transaction of its effect.
CREATE TABLE inbox (
  consumer text NOT NULL,
  message_id uuid NOT NULL,
  type text NOT NULL,
  received_at timestamptz NOT NULL DEFAULT now(),
  PRIMARY KEY (consumer, message_id)
);
CREATE INDEX inbox_received_at ON inbox (received_at);

-- What this service could not make sense of, for the operations API.
CREATE TABLE dead_letters (
  id uuid PRIMARY KEY,
  message_id text,
  type text,
  order_id text,
  reason text NOT NULL,
  attempts integer NOT NULL,
  content_type text,
  headers text NOT NULL,
  body bytea NOT NULL,
  dead_lettered_at timestamptz NOT NULL DEFAULT now(),
  redriven_at timestamptz,
  redriven_by text
);

-- Answers to writes that must not happen twice.
CREATE TABLE idempotency_keys (
  id uuid PRIMARY KEY,
  user_id uuid NOT NULL,
  method text NOT NULL,
  path text NOT NULL,
  key text NOT NULL,
  fingerprint text NOT NULL,
  resource_id uuid,
  state text,
  locked_until timestamptz NOT NULL,
  response_status integer,
  response_body text,
  response_headers text,
  created_at timestamptz NOT NULL DEFAULT now(),
  UNIQUE (user_id, method, path, key)
);
-- Which key a reservation without an order belongs to.
CREATE INDEX idempotency_keys_resource ON idempotency_keys (resource_id);
