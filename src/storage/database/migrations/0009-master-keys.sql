-- The master keys by name, never the keys: id is derived from the key, check_value is sealed under it and opens with no other.
-- state: primary (one row; everything new is sealed under it), previous (still opens what it sealed; goes when nothing refers
-- to it and drop_after has passed).
CREATE TABLE master_keys (
  id TEXT PRIMARY KEY,
  state TEXT NOT NULL,
  check_value BYTEA NOT NULL,
  created_at BIGINT NOT NULL,
  drop_after BIGINT
);

-- Keys of our own that must outlive a change of the master key, by what they are for.
CREATE TABLE stored_keys (
  id TEXT PRIMARY KEY,
  secret BYTEA NOT NULL,
  sealed_under TEXT REFERENCES master_keys (id),
  created_at BIGINT NOT NULL
);
CREATE INDEX stored_keys_sealed_under ON stored_keys (sealed_under);

-- A sealed record names its master key, so that no key goes which a record needs, and none comes back under a key that went.
-- Null: sealed before keys had names.
ALTER TABLE access_keys ADD COLUMN sealed_under TEXT REFERENCES master_keys (id);
CREATE INDEX access_keys_sealed_under ON access_keys (sealed_under);
