-- What people and vendors say of findings.

-- Given by somebody who may. document: zstd of the bytes, which have the digest.
CREATE TABLE vex_documents (
  account TEXT NOT NULL,
  digest TEXT NOT NULL,
  format TEXT NOT NULL,
  document_id TEXT NOT NULL,
  version TEXT NOT NULL,
  issuer TEXT NOT NULL,
  issued_at BIGINT NOT NULL,
  statements BIGINT NOT NULL,
  size BIGINT NOT NULL,
  document BYTEA NOT NULL,
  given_by TEXT NOT NULL,
  given_at BIGINT NOT NULL,
  PRIMARY KEY (account, digest)
);

-- The whole truth of an account's rules: one file.
CREATE TABLE suppression_rules (
  account TEXT PRIMARY KEY,
  digest TEXT NOT NULL,
  document TEXT NOT NULL,
  given_by TEXT NOT NULL,
  given_at BIGINT NOT NULL
);

-- VEX documents found in manifests that refer to an image, believed or not. A row counts while it was judged under the keys of
-- now (keys_hash), and, where a tag makes it a referrer (via_tag), while the tag names it. document: zstd of what is believed.
CREATE TABLE vex_referrers (
  repository_id BIGINT NOT NULL,
  manifest_digest TEXT NOT NULL,
  position BIGINT NOT NULL,
  subject TEXT NOT NULL,
  via_tag TEXT,
  state TEXT NOT NULL,
  reason TEXT,
  fingerprint TEXT,
  keys_hash TEXT NOT NULL,
  blob_digest TEXT NOT NULL,
  document_id TEXT,
  version TEXT,
  issuer TEXT,
  statements BIGINT,
  document BYTEA,
  read_at BIGINT NOT NULL,
  PRIMARY KEY (repository_id, manifest_digest, position),
  FOREIGN KEY (repository_id, manifest_digest) REFERENCES manifests (repository_id, digest) ON DELETE CASCADE
);
-- Lookup: what is said of an image; what was judged under other keys.
CREATE INDEX vex_referrers_subject ON vex_referrers (repository_id, subject, state);
CREATE INDEX vex_referrers_keys ON vex_referrers (keys_hash);

-- What was pushed before there was a place for it is read once.
INSERT INTO jobs (kind, key, input, priority, run_after, attempts, again, created_at)
SELECT 'read-older-vex', 'all', '{}', 100, 0, 0, 0, 0 WHERE EXISTS (SELECT 1 FROM manifests);
