-- Which roots of an account are the public sigstore instance's, and follow it.
CREATE TABLE public_roots (
  account TEXT NOT NULL REFERENCES accounts (id),
  name TEXT NOT NULL,
  put_by TEXT NOT NULL,
  PRIMARY KEY (account, name)
);

-- One row. What was last accepted of the instance's TUF repository, document by document, so that nothing older is. confirmed_at: when
-- trusted_root was last found to be the newest; failure: why it was not at tried_at.
CREATE TABLE public_root_state (
  id BIGINT PRIMARY KEY,
  confirmed_at BIGINT NOT NULL,
  tried_at BIGINT NOT NULL,
  failure TEXT,
  root BYTEA NOT NULL,
  timestamp_document BYTEA,
  snapshot_document BYTEA,
  targets_document BYTEA,
  trusted_root BYTEA NOT NULL
);
