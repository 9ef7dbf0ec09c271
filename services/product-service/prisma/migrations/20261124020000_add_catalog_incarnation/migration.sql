-- Tells this database from every other one that may use the same key-value store, before it or beside it: generations begin
-- anew in each.
ALTER TABLE catalog_state ADD COLUMN incarnation uuid NOT NULL DEFAULT gen_random_uuid();
