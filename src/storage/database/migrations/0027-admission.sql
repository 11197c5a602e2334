-- May an image be used: policies, the clusters that ask, repositories whose pulls are gated, and who vouches for the server's name.

-- text: as it was put; NULL of one that was deleted, whose row stays so that no version is given twice.
CREATE TABLE admission_policies (
  account TEXT NOT NULL REFERENCES accounts (id),
  name TEXT NOT NULL,
  text TEXT,
  version BIGINT NOT NULL,
  put_at BIGINT NOT NULL,
  put_by TEXT NOT NULL,
  PRIMARY KEY (account, name)
);

-- Append-only. text: NULL where the policy was deleted.
CREATE TABLE admission_policy_versions (
  account TEXT NOT NULL,
  name TEXT NOT NULL,
  version BIGINT NOT NULL,
  text TEXT,
  put_at BIGINT NOT NULL,
  put_by TEXT NOT NULL,
  PRIMARY KEY (account, name, version)
);

-- settings: JSON. token_hash: SHA-256 in hex of the token that the cluster shows.
CREATE TABLE admission_clusters (
  id TEXT PRIMARY KEY,
  account TEXT NOT NULL REFERENCES accounts (id),
  name TEXT NOT NULL,
  token_hash TEXT NOT NULL,
  settings TEXT NOT NULL,
  created_by TEXT NOT NULL,
  created_at BIGINT NOT NULL,
  last_asked_at BIGINT
);
-- A cluster by its name; those of an account in order.
CREATE UNIQUE INDEX admission_clusters_name ON admission_clusters (account, name);

-- repository: '' speaks of all that have no row of their own. state: on or off.
CREATE TABLE admission_pull_gates (
  account TEXT NOT NULL REFERENCES accounts (id),
  repository TEXT NOT NULL,
  state TEXT NOT NULL,
  put_at BIGINT NOT NULL,
  put_by TEXT NOT NULL,
  PRIMARY KEY (account, repository)
);

-- Each signs the certificates of the server until the next one does; its key is a stored key.
CREATE TABLE admission_authorities (
  number BIGINT PRIMARY KEY,
  certificate TEXT NOT NULL,
  not_before BIGINT NOT NULL,
  not_after BIGINT NOT NULL
);
