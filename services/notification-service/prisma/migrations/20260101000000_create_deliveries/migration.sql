-- One message to one person, made from one event. Consumers insert, the sender alone talks to mail and SMS providers.
CREATE TABLE deliveries (
  id uuid PRIMARY KEY,
  event_id uuid NOT NULL,
  template text NOT NULL,
  channel text NOT NULL,
  -- Blank once the user is erased.
  recipient text NOT NULL,
  order_id uuid,
  user_id uuid,
  -- The event's data as JSON; emptied when the message has ended, for then nobody needs it.
  content text NOT NULL,
  traceparent text,
  status text NOT NULL,
  attempts integer NOT NULL DEFAULT 0,
  last_error text,
  -- Nobody touches a pending row before this: back-off and lease in one column.
  due_at timestamptz(3) NOT NULL DEFAULT now(),
  lease_id uuid,
  created_at timestamptz(3) NOT NULL,
  ended_at timestamptz(3),
  CONSTRAINT deliveries_channel_is_known CHECK (channel IN ('email', 'sms')),
  CONSTRAINT deliveries_status_is_known CHECK (status IN ('pending', 'sent', 'failed', 'discarded')),
  CONSTRAINT deliveries_ended_has_a_time CHECK ((status = 'pending') = (ended_at IS NULL))
);
-- An event leads to each message once, however often it is delivered.
CREATE UNIQUE INDEX deliveries_event_id_template_channel_key ON deliveries (event_id, template, channel);
CREATE INDEX deliveries_user_id ON deliveries (user_id);
CREATE INDEX deliveries_ended_at ON deliveries (ended_at);
CREATE INDEX deliveries_due ON deliveries (due_at) WHERE status = 'pending';

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

