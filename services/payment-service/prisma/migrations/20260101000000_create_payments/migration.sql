-- One row per order: the whole life of its money. Consumers insert and cancel, the charger alone asks the provider.
CREATE TABLE payments (
  id uuid PRIMARY KEY,
  order_id uuid NOT NULL,
  user_id uuid NOT NULL,
  email text,
  name text NOT NULL,
  phone text,
  currency text NOT NULL,
  amount bigint NOT NULL,
  payment_method text,
  reservation_expires_at timestamptz(3),
  status text NOT NULL,
  failure_code text,
  captured bigint NOT NULL DEFAULT 0,
  refund_reserved bigint NOT NULL DEFAULT 0,
  refunded bigint NOT NULL DEFAULT 0,
  cancelled boolean NOT NULL DEFAULT false,
  provider_reference text,
  -- Of the event that began it, so that a charge made later still belongs to the order's trace.
  traceparent text,
  version integer NOT NULL DEFAULT 0,
  attempts integer NOT NULL DEFAULT 0,
  first_tried_at timestamptz(3),
  -- Nobody touches a pending row before this: back-off and lease in one column.
  due_at timestamptz(3) NOT NULL DEFAULT now(),
  lease_id uuid,
  created_at timestamptz(3) NOT NULL,
  updated_at timestamptz(3) NOT NULL,
  CONSTRAINT payments_currency_is_iso CHECK (currency ~ '^[A-Z]{3}$'),
  CONSTRAINT payments_amount_is_positive CHECK (amount > 0),
  CONSTRAINT payments_status_is_known CHECK (status IN ('pending', 'captured', 'failed', 'voided', 'refunded', 'partially_refunded')),
  CONSTRAINT payments_refunds_within_capture CHECK (0 <= refunded AND refunded <= refund_reserved AND refund_reserved <= captured),
  -- A captured payment took exactly the order's total; a wrong amount never completes (it is sent back while pending).
  CONSTRAINT payments_capture_is_whole CHECK (status NOT IN ('captured', 'partially_refunded', 'refunded') OR captured = amount),
  CONSTRAINT payments_status_fits_refunds CHECK (
    CASE status
      WHEN 'captured' THEN refunded = 0
      WHEN 'partially_refunded' THEN refunded > 0 AND refunded < captured
      WHEN 'refunded' THEN refunded = captured
      WHEN 'pending' THEN refunded = 0
      ELSE refunded = captured
    END
  ),
  CONSTRAINT payments_failure_has_a_code CHECK ((status = 'failed') = (failure_code IS NOT NULL))
);
CREATE UNIQUE INDEX payments_order_id_key ON payments (order_id);
CREATE INDEX payments_user_id_id ON payments (user_id, id);
CREATE INDEX payments_provider_reference ON payments (provider_reference);
CREATE INDEX payments_due ON payments (due_at) WHERE status = 'pending' AND payment_method IS NOT NULL AND captured = 0;

-- Money on its way back.
CREATE TABLE refunds (
  id uuid PRIMARY KEY,
  payment_id uuid NOT NULL,
  amount bigint NOT NULL,
  reason text NOT NULL,
  origin text NOT NULL,
  status text NOT NULL,
  requested_by uuid,
  provider_key text NOT NULL,
  provider_reference text,
  attempts integer NOT NULL DEFAULT 0,
  due_at timestamptz(3) NOT NULL DEFAULT now(),
  lease_id uuid,
  created_at timestamptz(3) NOT NULL,
  updated_at timestamptz(3) NOT NULL,
  CONSTRAINT refunds_payment_id_fkey FOREIGN KEY (payment_id) REFERENCES payments (id) ON DELETE RESTRICT ON UPDATE RESTRICT,
  CONSTRAINT refunds_amount_is_positive CHECK (amount > 0),
  CONSTRAINT refunds_origin_is_known CHECK (origin IN ('admin', 'compensation')),
  CONSTRAINT refunds_status_is_known CHECK (status IN ('pending', 'succeeded', 'failed')),
  -- What a cancelled order is owed is retried until it succeeds.
  CONSTRAINT refunds_compensation_never_fails CHECK (origin <> 'compensation' OR status <> 'failed')
);
CREATE UNIQUE INDEX refunds_provider_key_key ON refunds (provider_key);
CREATE INDEX refunds_payment_id_id ON refunds (payment_id, id);
CREATE INDEX refunds_provider_reference ON refunds (provider_reference);
CREATE INDEX refunds_due ON refunds (due_at) WHERE status = 'pending';

-- The sandbox provider's own books, written as if they stood in another house.
CREATE TABLE sandbox_ledger (
  id uuid PRIMARY KEY,
  order_id uuid NOT NULL,
  kind text NOT NULL,
  idempotency_key text NOT NULL,
  fingerprint text NOT NULL,
  outcome text NOT NULL,
  failure_code text,
  amount bigint NOT NULL,
  currency text NOT NULL,
  refunded bigint NOT NULL DEFAULT 0,
  charge_id uuid,
  at timestamptz(3) NOT NULL DEFAULT now(),
  CONSTRAINT sandbox_ledger_kind_is_known CHECK (kind IN ('charge', 'refund')),
  CONSTRAINT sandbox_ledger_outcome_is_known CHECK (outcome IN ('succeeded', 'declined', 'error')),
  CONSTRAINT sandbox_ledger_amount_is_positive CHECK (amount > 0),
  CONSTRAINT sandbox_ledger_refunds_within_charge CHECK (0 <= refunded AND refunded <= amount)
);
CREATE UNIQUE INDEX sandbox_ledger_idempotency_key_key ON sandbox_ledger (idempotency_key);
CREATE INDEX sandbox_ledger_order_id_at ON sandbox_ledger (order_id, at);

-- Provider webhooks that had their effect.
CREATE TABLE webhook_events (
  id text PRIMARY KEY,
  type text NOT NULL,
  received_at timestamptz(3) NOT NULL DEFAULT now()
);
CREATE INDEX webhook_events_received_at ON webhook_events (received_at);

-- Users whose contact is blanked wherever it is no longer needed.
CREATE TABLE erased_users (
  user_id uuid PRIMARY KEY,
  erased_at timestamptz(3) NOT NULL DEFAULT now()
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
