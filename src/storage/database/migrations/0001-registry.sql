-- Accounts, identities, repositories, content, uploads, jobs and events.
-- Written for SQLite and PostgreSQL alike: text, BIGINT (times are epoch milliseconds), BYTEA; {{identity}} is the
-- driver's words for a generated integer key. Each query's index is named beside the table that it serves.

CREATE TABLE accounts (
  id TEXT PRIMARY KEY,
  created_at BIGINT NOT NULL
);

CREATE TABLE users (
  id TEXT PRIMARY KEY,
  account TEXT NOT NULL REFERENCES accounts (id),
  name TEXT NOT NULL,
  is_administrator INTEGER NOT NULL,
  created_at BIGINT NOT NULL,
  UNIQUE (account, name)
);

-- secret is sealed under the master key: it must be recoverable to verify SigV4.
CREATE TABLE access_keys (
  id TEXT PRIMARY KEY,
  user_id TEXT NOT NULL REFERENCES users (id),
  secret BYTEA NOT NULL,
  status TEXT NOT NULL,
  created_at BIGINT NOT NULL,
  last_used_at BIGINT
);

CREATE TABLE repositories (
  id {{identity}},
  account TEXT NOT NULL REFERENCES accounts (id),
  name TEXT NOT NULL,
  tag_mutability TEXT NOT NULL,
  scan_on_push INTEGER NOT NULL,
  created_at BIGINT NOT NULL,
  UNIQUE (account, name)
);

CREATE TABLE repository_tags (
  repository_id BIGINT NOT NULL REFERENCES repositories (id) ON DELETE CASCADE,
  tag_key TEXT NOT NULL,
  tag_value TEXT NOT NULL,
  PRIMARY KEY (repository_id, tag_key)
);

-- A digest names at most one live blob; a blob on its way out keeps its row until its bytes are gone,
-- and a new push of the digest then gets a row and a key of its own.
CREATE TABLE blobs (
  id {{identity}},
  digest TEXT NOT NULL,
  size BIGINT NOT NULL,
  storage_key TEXT NOT NULL UNIQUE,
  state TEXT NOT NULL,
  created_at BIGINT NOT NULL,
  deleting_at BIGINT
);
CREATE UNIQUE INDEX blobs_live_digest ON blobs (digest) WHERE state = 'live';
CREATE INDEX blobs_deleting ON blobs (deleting_at) WHERE state = 'deleting';

-- A repository sees only the blobs linked to it.
CREATE TABLE blob_links (
  repository_id BIGINT NOT NULL REFERENCES repositories (id) ON DELETE CASCADE,
  blob_id BIGINT NOT NULL REFERENCES blobs (id),
  linked_at BIGINT NOT NULL,
  PRIMARY KEY (repository_id, blob_id)
);
CREATE INDEX blob_links_blob ON blob_links (blob_id);

-- bytes is the last column, so that lists do not read it.
CREATE TABLE manifests (
  repository_id BIGINT NOT NULL REFERENCES repositories (id) ON DELETE CASCADE,
  digest TEXT NOT NULL,
  media_type TEXT NOT NULL,
  artifact_type TEXT,
  subject_digest TEXT,
  image_size BIGINT NOT NULL,
  pushed_at BIGINT NOT NULL,
  pushed_by TEXT NOT NULL,
  last_pulled_at BIGINT,
  annotations TEXT,
  size BIGINT NOT NULL,
  bytes BYTEA NOT NULL,
  PRIMARY KEY (repository_id, digest)
);
CREATE INDEX manifests_pushed ON manifests (repository_id, pushed_at, digest);
CREATE INDEX manifests_subject ON manifests (repository_id, subject_digest, pushed_at, digest) WHERE subject_digest IS NOT NULL;

CREATE TABLE manifest_blobs (
  repository_id BIGINT NOT NULL,
  manifest_digest TEXT NOT NULL,
  position INTEGER NOT NULL,
  role TEXT NOT NULL,
  blob_digest TEXT NOT NULL,
  media_type TEXT NOT NULL,
  size BIGINT NOT NULL,
  PRIMARY KEY (repository_id, manifest_digest, position),
  FOREIGN KEY (repository_id, manifest_digest) REFERENCES manifests (repository_id, digest) ON DELETE CASCADE
);
CREATE INDEX manifest_blobs_blob ON manifest_blobs (repository_id, blob_digest);

CREATE TABLE manifest_children (
  repository_id BIGINT NOT NULL,
  manifest_digest TEXT NOT NULL,
  position INTEGER NOT NULL,
  child_digest TEXT NOT NULL,
  PRIMARY KEY (repository_id, manifest_digest, position),
  FOREIGN KEY (repository_id, manifest_digest) REFERENCES manifests (repository_id, digest) ON DELETE CASCADE
);
CREATE INDEX manifest_children_child ON manifest_children (repository_id, child_digest);

CREATE TABLE tags (
  repository_id BIGINT NOT NULL,
  name TEXT NOT NULL,
  digest TEXT NOT NULL,
  updated_at BIGINT NOT NULL,
  PRIMARY KEY (repository_id, name),
  FOREIGN KEY (repository_id, digest) REFERENCES manifests (repository_id, digest) ON DELETE CASCADE
);
CREATE INDEX tags_digest ON tags (repository_id, digest, name);

-- Append-only: who moved which tag when. Outlives the repository, hence no foreign key.
CREATE TABLE tag_history (
  id {{identity}},
  repository_id BIGINT NOT NULL,
  repository TEXT NOT NULL,
  name TEXT NOT NULL,
  from_digest TEXT,
  to_digest TEXT,
  principal TEXT NOT NULL,
  at BIGINT NOT NULL
);
CREATE INDEX tag_history_tag ON tag_history (repository_id, name, id);

-- open → done | aborted. lease names the one request that may write; it dies with its time.
CREATE TABLE uploads (
  id TEXT PRIMARY KEY,
  repository_id BIGINT NOT NULL REFERENCES repositories (id) ON DELETE CASCADE,
  principal_id TEXT NOT NULL,
  algorithm TEXT NOT NULL,
  size BIGINT NOT NULL,
  last_part_size BIGINT NOT NULL,
  has_short_part INTEGER NOT NULL,
  storage_key TEXT NOT NULL UNIQUE,
  state TEXT NOT NULL,
  digest TEXT,
  lease TEXT,
  lease_until BIGINT,
  created_at BIGINT NOT NULL,
  touched_at BIGINT NOT NULL
);
CREATE INDEX uploads_touched ON uploads (touched_at);

-- Bytes whose row is gone, to be removed by the collector.
CREATE TABLE storage_deletions (
  storage_key TEXT PRIMARY KEY,
  delete_after BIGINT NOT NULL
);
CREATE INDEX storage_deletions_due ON storage_deletions (delete_after);

-- Durable work. A job is unique by kind and key while it waits; again says that it was asked for while it ran.
CREATE TABLE jobs (
  id {{identity}},
  kind TEXT NOT NULL,
  key TEXT NOT NULL,
  input TEXT NOT NULL,
  priority INTEGER NOT NULL,
  run_after BIGINT NOT NULL,
  attempts INTEGER NOT NULL,
  lease_owner TEXT,
  lease_until BIGINT,
  again INTEGER NOT NULL,
  last_error TEXT,
  created_at BIGINT NOT NULL,
  UNIQUE (kind, key)
);
CREATE INDEX jobs_due ON jobs (priority, run_after, id);

-- Outbox: what happened, written in the transaction in which it happened.
CREATE TABLE events (
  id {{identity}},
  kind TEXT NOT NULL,
  account TEXT NOT NULL,
  resource TEXT NOT NULL,
  detail TEXT NOT NULL,
  at BIGINT NOT NULL
);
