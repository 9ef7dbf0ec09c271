-- Typo tolerance needs trigrams; pg_trgm is trusted, so the database's owner may create it.
CREATE EXTENSION IF NOT EXISTS pg_trgm;

-- One row: how many times an administrator changed the catalogue. Every such write locks it, so generations are handed
-- out in the order in which the writes commit, and a page can be asked for as it was at a generation.
CREATE TABLE catalog_state (
  id integer PRIMARY KEY,
  generation integer NOT NULL,
  CONSTRAINT catalog_state_is_one_row CHECK (id = 1)
);
INSERT INTO catalog_state (id, generation) VALUES (1, 1);

CREATE TABLE categories (
  slug text PRIMARY KEY,
  name text NOT NULL,
  parent text REFERENCES categories (slug) ON DELETE RESTRICT ON UPDATE NO ACTION,
  version integer NOT NULL DEFAULT 1,
  created_at timestamptz(3) NOT NULL,
  updated_at timestamptz(3) NOT NULL,
  CONSTRAINT categories_slug_form CHECK (slug ~ '^[a-z0-9]+(-[a-z0-9]+)*$' AND length(slug) <= 80),
  CONSTRAINT categories_not_own_parent CHECK (parent <> slug)
);
CREATE INDEX categories_parent ON categories (parent);

CREATE TABLE products (
  id uuid PRIMARY KEY,
  sku text NOT NULL,
  slug text NOT NULL,
  name text NOT NULL,
  -- The name without regard to case, compared byte by byte: the key of `sort=name`.
  name_key text COLLATE "C" NOT NULL,
  description text NOT NULL,
  category text REFERENCES categories (slug) ON DELETE SET NULL ON UPDATE NO ACTION,
  price_amount integer NOT NULL,
  currency text NOT NULL,
  image_url text,
  version integer NOT NULL DEFAULT 1,
  -- The catalogue's generation at the last change.
  generation integer NOT NULL,
  -- Name and sku as plain words, for similarity; and all searchable words, stemmed and as they are.
  search_name text NOT NULL,
  search tsvector NOT NULL,
  created_at timestamptz(3) NOT NULL,
  updated_at timestamptz(3) NOT NULL,
  deleted_at timestamptz(3),
  CONSTRAINT products_slug_form CHECK (slug ~ '^[a-z0-9]+(-[a-z0-9]+)*$' AND length(slug) <= 80),
  CONSTRAINT products_price_range CHECK (price_amount BETWEEN 1 AND 99999999),
  CONSTRAINT products_currency_form CHECK (currency ~ '^[A-Z]{3}$'),
  -- A category goes only when no product on sale is left in it; withdrawn ones lose theirs then.
  CONSTRAINT products_on_sale_have_category CHECK (category IS NOT NULL OR deleted_at IS NOT NULL)
);
CREATE UNIQUE INDEX products_sku ON products (sku);
CREATE UNIQUE INDEX products_slug ON products (slug);
CREATE INDEX products_category ON products (category);
CREATE INDEX products_newest ON products (created_at DESC, id DESC) WHERE deleted_at IS NULL;
CREATE INDEX products_by_price ON products (price_amount, id) WHERE deleted_at IS NULL;
CREATE INDEX products_by_name ON products (name_key, id) WHERE deleted_at IS NULL;
CREATE INDEX products_search ON products USING gin (search) WITH (fastupdate = off) WHERE deleted_at IS NULL;

-- What a product was, as far as lists sort and filter by it: a walk through pages goes on as the list was when it began.
CREATE TABLE product_revisions (
  product_id uuid NOT NULL REFERENCES products (id) ON DELETE CASCADE ON UPDATE NO ACTION,
  generation integer NOT NULL,
  replaced_generation integer NOT NULL,
  replaced_at timestamptz(3) NOT NULL,
  name_key text COLLATE "C" NOT NULL,
  category text,
  price_amount integer NOT NULL,
  search_name text NOT NULL,
  search tsvector NOT NULL,
  PRIMARY KEY (product_id, generation),
  CONSTRAINT product_revisions_order CHECK (replaced_generation > generation)
);
CREATE INDEX product_revisions_replaced_generation ON product_revisions (replaced_generation);
CREATE INDEX product_revisions_replaced_at ON product_revisions (replaced_at);

-- Every word of the products on sale and in how many of them it stands: what a mistyped word can have meant.
CREATE TABLE search_words (
  word text COLLATE "C" PRIMARY KEY,
  products integer NOT NULL,
  CONSTRAINT search_words_products_range CHECK (products >= 0)
);
CREATE INDEX search_words_similarity ON search_words USING gist (word gist_trgm_ops);

CREATE TABLE inventory (
  product_id uuid PRIMARY KEY REFERENCES products (id) ON DELETE RESTRICT ON UPDATE NO ACTION,
  on_hand integer NOT NULL,
  reserved integer NOT NULL DEFAULT 0,
  version integer NOT NULL DEFAULT 1,
  updated_at timestamptz(3) NOT NULL,
  CONSTRAINT inventory_never_negative CHECK (on_hand >= 0 AND reserved >= 0),
  CONSTRAINT inventory_never_over_reserved CHECK (reserved <= on_hand)
) WITH (fillfactor = 70);

CREATE TABLE inventory_movements (
  id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  product_id uuid NOT NULL REFERENCES inventory (product_id) ON DELETE RESTRICT ON UPDATE NO ACTION,
  at timestamptz(3) NOT NULL,
  delta integer NOT NULL,
  reason text NOT NULL,
  order_id uuid,
  on_hand_after integer NOT NULL,
  CONSTRAINT inventory_movements_move CHECK (delta <> 0 AND on_hand_after >= 0)
);
CREATE INDEX inventory_movements_product ON inventory_movements (product_id, id DESC);

CREATE TABLE reservations (
  order_id uuid PRIMARY KEY,
  status text NOT NULL,
  expires_at timestamptz(3) NOT NULL,
  -- When inventory.reservation_expired was last written.
  expiry_told_at timestamptz(3),
  -- The order's version at its last event applied here; older events that come late change nothing.
  order_sequence integer,
  created_at timestamptz(3) NOT NULL,
  updated_at timestamptz(3) NOT NULL,
  CONSTRAINT reservations_status CHECK (status IN ('active', 'committed', 'released', 'restocked'))
) WITH (fillfactor = 80);
CREATE INDEX reservations_active ON reservations (expires_at) WHERE status = 'active';

CREATE TABLE reservation_items (
  order_id uuid NOT NULL REFERENCES reservations (order_id) ON DELETE CASCADE ON UPDATE NO ACTION,
  position integer NOT NULL,
  product_id uuid NOT NULL,
  sku text NOT NULL,
  name text NOT NULL,
  quantity integer NOT NULL,
  unit_price_amount integer NOT NULL,
  currency text NOT NULL,
  PRIMARY KEY (order_id, product_id),
  CONSTRAINT reservation_items_quantity_range CHECK (quantity > 0),
  CONSTRAINT reservation_items_price_range CHECK (unit_price_amount > 0)
);
CREATE INDEX reservation_items_product ON reservation_items (product_id);


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

