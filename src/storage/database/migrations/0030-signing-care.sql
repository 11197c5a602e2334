-- What becomes of keys that are not to be believed any more, and what of signing is told elsewhere.

-- Named keys: signatures of that moment and later count no more.
CREATE TABLE signing_key_revocations (
  key_id TEXT PRIMARY KEY REFERENCES signing_keys (id),
  revoked_from BIGINT NOT NULL,
  revoked_at BIGINT NOT NULL,
  revoked_by TEXT NOT NULL,
  reason TEXT NOT NULL
);

-- The newest list of revoked certificates of each authority that issued some. number: grows with each list.
CREATE TABLE signing_crls (
  issuer_id TEXT PRIMARY KEY REFERENCES signing_keys (id),
  number BIGINT NOT NULL,
  list BYTEA NOT NULL,
  signed_at BIGINT NOT NULL
);

-- Profiles that, of what a push brings, sign the index and not the images that it lists.
CREATE TABLE signing_index_only (
  account TEXT NOT NULL,
  profile_arn TEXT NOT NULL,
  put_by TEXT NOT NULL,
  put_at BIGINT NOT NULL,
  PRIMARY KEY (account, profile_arn)
);

-- What the audit log is to be told of work that no request waits for: there with the fact, gone when the log has it.
-- detail: JSON, an entry of the outbox.
CREATE TABLE audit_outbox (
  id {{identity}},
  account TEXT NOT NULL,
  detail TEXT NOT NULL,
  at BIGINT NOT NULL
);

-- Whether a certificate is of a key of this installation is asked by the key that it is for.
CREATE INDEX signing_keys_public ON signing_keys (public_key);
