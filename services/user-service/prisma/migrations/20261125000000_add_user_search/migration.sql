-- Administrators look for a part of a name or an e-mail address. Without trigrams each search reads every account: two seconds
-- with 300,000 of them, where a statement may take no longer. pg_trgm is trusted, so the database's owner may create it.
CREATE EXTENSION IF NOT EXISTS pg_trgm;
CREATE INDEX users_email_search ON users USING gin (email gin_trgm_ops) WITH (fastupdate = off);
CREATE INDEX users_name_search ON users USING gin (name gin_trgm_ops) WITH (fastupdate = off);
