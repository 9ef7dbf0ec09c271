-- Accounts, their sessions, what was revoked, signing keys, and what is to be told.

CREATE TABLE users (
  id uuid PRIMARY KEY,
  email text NOT NULL,
  email_canonical text NOT NULL,
  name text NOT NULL,
  phone text,
  password_hash text NOT NULL,
  roles text[] NOT NULL,
  disabled boolean NOT NULL DEFAULT false,
  version integer NOT NULL DEFAULT 1,
  created_at timestamptz(3) NOT NULL,
  updated_at timestamptz(3) NOT NULL,
  CONSTRAINT users_email_not_empty CHECK (email <> '' AND email_canonical <> ''),
  CONSTRAINT users_password_is_hashed CHECK (password_hash LIKE '$argon2id$%'),
  CONSTRAINT users_roles_known CHECK (cardinality(roles) >= 1 AND roles <@ ARRAY['customer', 'admin']::text[]),
  CONSTRAINT users_version_positive CHECK (version >= 1)
);
-- One account per canonical form, whatever case or width it is typed in.
CREATE UNIQUE INDEX users_email_canonical_key ON users (email_canonical);
CREATE INDEX users_newest ON users (created_at DESC, id DESC);

CREATE TABLE addresses (
  id uuid PRIMARY KEY,
  user_id uuid NOT NULL,
  name text NOT NULL,
  line1 text NOT NULL,
  line2 text,
  city text NOT NULL,
  postal_code text NOT NULL,
  country text NOT NULL,
  phone text,
  created_at timestamptz(3) NOT NULL,
  updated_at timestamptz(3) NOT NULL,
  CONSTRAINT addresses_country_code CHECK (country ~ '^[A-Z]{2}$'),
  CONSTRAINT addresses_user_id_fkey FOREIGN KEY (user_id) REFERENCES users (id) ON DELETE CASCADE ON UPDATE CASCADE
);
CREATE INDEX addresses_newest ON addresses (user_id, created_at DESC, id DESC);

-- A session is a family of refresh tokens; its id is the claim sid of its access tokens.
CREATE TABLE sessions (
  id uuid PRIMARY KEY,
  user_id uuid NOT NULL,
  created_at timestamptz(3) NOT NULL,
  last_used_at timestamptz(3) NOT NULL,
  expires_at timestamptz(3) NOT NULL,
  user_agent text,
  ip text,
  ended_at timestamptz(3),
  end_reason text,
  CONSTRAINT sessions_end_has_reason CHECK ((ended_at IS NULL) = (end_reason IS NULL)),
  CONSTRAINT sessions_expire_later CHECK (expires_at > created_at),
  CONSTRAINT sessions_user_id_fkey FOREIGN KEY (user_id) REFERENCES users (id) ON DELETE CASCADE ON UPDATE CASCADE
);
CREATE INDEX sessions_newest ON sessions (user_id, created_at DESC, id DESC);
CREATE INDEX sessions_expires_at ON sessions (expires_at);
CREATE INDEX sessions_ended_at ON sessions (ended_at) WHERE ended_at IS NOT NULL;

-- Only hashes; the successor stays for the grace period, sealed by a key that only the holder of the predecessor has.
CREATE TABLE refresh_tokens (
  token_hash bytea PRIMARY KEY,
  session_id uuid NOT NULL,
  generation integer NOT NULL,
  created_at timestamptz(3) NOT NULL,
  expires_at timestamptz(3) NOT NULL,
  used_at timestamptz(3),
  successor_sealed bytea,
  CONSTRAINT refresh_tokens_hash_is_sha256 CHECK (octet_length(token_hash) = 32),
  CONSTRAINT refresh_tokens_generation_positive CHECK (generation >= 1),
  CONSTRAINT refresh_tokens_sealed_once_used CHECK (successor_sealed IS NULL OR used_at IS NOT NULL),
  CONSTRAINT refresh_tokens_session_id_fkey FOREIGN KEY (session_id) REFERENCES sessions (id) ON DELETE CASCADE ON UPDATE CASCADE
);
CREATE UNIQUE INDEX refresh_tokens_generation_key ON refresh_tokens (session_id, generation);
-- However many refreshes run at once, a family has one live head.
CREATE UNIQUE INDEX refresh_tokens_one_head ON refresh_tokens (session_id) WHERE used_at IS NULL;
CREATE INDEX refresh_tokens_sealed ON refresh_tokens (used_at) WHERE successor_sealed IS NOT NULL;

-- Outlives its session and its user: a deleted user's tokens must stay refused. No foreign key, therefore.
CREATE TABLE revocations (
  position bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  session_id uuid NOT NULL,
  reason text NOT NULL,
  -- The database's clock, because verifiers compare the marks of several replicas.
  at timestamptz(3) NOT NULL DEFAULT clock_timestamp()
);
CREATE INDEX revocations_at ON revocations (at);

CREATE TABLE signing_keys (
  id uuid PRIMARY KEY,
  algorithm text NOT NULL,
  public_jwk text NOT NULL,
  private_sealed text NOT NULL,
  created_at timestamptz(3) NOT NULL,
  signs_from timestamptz(3) NOT NULL,
  CONSTRAINT signing_keys_algorithm_known CHECK (algorithm IN ('ES256', 'EdDSA')),
  CONSTRAINT signing_keys_published_before_use CHECK (signs_from >= created_at)
);
CREATE INDEX signing_keys_signs_from ON signing_keys (signs_from);

CREATE TABLE password_resets (
  token_hash bytea PRIMARY KEY,
  user_id uuid NOT NULL,
  created_at timestamptz(3) NOT NULL,
  expires_at timestamptz(3) NOT NULL,
  CONSTRAINT password_resets_hash_is_sha256 CHECK (octet_length(token_hash) = 32),
  CONSTRAINT password_resets_user_id_fkey FOREIGN KEY (user_id) REFERENCES users (id) ON DELETE CASCADE ON UPDATE CASCADE
);
CREATE INDEX password_resets_user_id ON password_resets (user_id);
CREATE INDEX password_resets_expires_at ON password_resets (expires_at);

-- Where an account logged in from with success: its own limit does not apply there, so that guessing locks nobody out.
CREATE TABLE known_addresses (
  user_id uuid NOT NULL,
  address text NOT NULL,
  last_success_at timestamptz(3) NOT NULL,
  PRIMARY KEY (user_id, address),
  CONSTRAINT known_addresses_user_id_fkey FOREIGN KEY (user_id) REFERENCES users (id) ON DELETE CASCADE ON UPDATE CASCADE
);
CREATE INDEX known_addresses_last_success_at ON known_addresses (last_success_at);

-- Messages, as in every service.
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
-- For the erasure of what was told of deleted users; only this service needs it.
CREATE INDEX outbox_user_deleted ON outbox (created_at) WHERE type = 'user.deleted';

CREATE TABLE inbox (
  consumer text NOT NULL,
  message_id uuid NOT NULL,
  type text NOT NULL,
  received_at timestamptz NOT NULL DEFAULT now(),
  PRIMARY KEY (consumer, message_id)
);
CREATE INDEX inbox_received_at ON inbox (received_at);

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
