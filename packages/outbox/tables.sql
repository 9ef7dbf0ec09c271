-- The tables that every service with a database keeps for its messages, exactly as in its first migration.
-- idempotency_keys only where Idempotency-Key is taken (order-service, payment-service).

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
