-- Lifecycle policies, their previews and runs, what became of each image, guards, and the archive.

-- Images that are or were archived; the others have no row. A table of its own: a column behind manifests.bytes would be read over them.
-- state: archived (pulls are refused) or restored.
CREATE TABLE image_archivals (
  repository_id BIGINT NOT NULL,
  digest TEXT NOT NULL,
  state TEXT NOT NULL,
  archived_at BIGINT NOT NULL,
  restored_at BIGINT,
  PRIMARY KEY (repository_id, digest),
  FOREIGN KEY (repository_id, digest) REFERENCES manifests (repository_id, digest) ON DELETE CASCADE
);

-- text: byte for byte as it was put. evaluated_at: when a run ended last.
CREATE TABLE lifecycle_policies (
  repository_id BIGINT PRIMARY KEY REFERENCES repositories (id) ON DELETE CASCADE,
  text TEXT NOT NULL,
  put_at BIGINT NOT NULL,
  put_by TEXT NOT NULL,
  evaluated_at BIGINT
);

-- The newest preview of each repository. state: running, complete or failed.
CREATE TABLE lifecycle_previews (
  repository_id BIGINT PRIMARY KEY REFERENCES repositories (id) ON DELETE CASCADE,
  text TEXT NOT NULL,
  state TEXT NOT NULL,
  expiring BIGINT NOT NULL,
  archiving BIGINT NOT NULL,
  started_at BIGINT NOT NULL,
  ended_at BIGINT
);
-- Which of them are forgotten.
CREATE INDEX lifecycle_previews_started ON lifecycle_previews (started_at);

-- What a preview would act on, in its order. tags: JSON.
CREATE TABLE lifecycle_preview_images (
  repository_id BIGINT NOT NULL REFERENCES lifecycle_previews (repository_id) ON DELETE CASCADE,
  position INTEGER NOT NULL,
  digest TEXT NOT NULL,
  tags TEXT NOT NULL,
  pushed_at BIGINT NOT NULL,
  storage_class TEXT NOT NULL,
  action TEXT NOT NULL,
  rule BIGINT NOT NULL,
  PRIMARY KEY (repository_id, position)
);

-- One carrying out of a policy. Outlives the repository, hence no foreign key. state: open or ended. ending: why it ended.
CREATE TABLE lifecycle_runs (
  id {{identity}},
  repository_id BIGINT NOT NULL,
  account TEXT NOT NULL,
  repository TEXT NOT NULL,
  text TEXT NOT NULL,
  asked_by TEXT NOT NULL,
  state TEXT NOT NULL,
  ending TEXT,
  expired BIGINT NOT NULL,
  archived BIGINT NOT NULL,
  passed_over BIGINT NOT NULL,
  bytes BIGINT NOT NULL,
  started_at BIGINT NOT NULL,
  ended_at BIGINT
);
CREATE UNIQUE INDEX lifecycle_runs_open ON lifecycle_runs (repository_id) WHERE state = 'open';
CREATE INDEX lifecycle_runs_repository ON lifecycle_runs (account, repository, id);
CREATE INDEX lifecycle_runs_ended ON lifecycle_runs (ended_at) WHERE state = 'ended';

-- What a run did to an image. Outlives image and repository. tags, reason: JSON. manifest: kept while it can be brought back.
CREATE TABLE lifecycle_records (
  id {{identity}},
  run_id BIGINT NOT NULL,
  account TEXT NOT NULL,
  repository TEXT NOT NULL,
  digest TEXT NOT NULL,
  tags TEXT NOT NULL,
  action TEXT NOT NULL,
  rule BIGINT NOT NULL,
  reason TEXT NOT NULL,
  bytes BIGINT NOT NULL,
  pushed_at BIGINT NOT NULL,
  at BIGINT NOT NULL,
  media_type TEXT NOT NULL,
  manifest BYTEA,
  undo_until BIGINT,
  undone_at BIGINT
);
CREATE INDEX lifecycle_records_repository ON lifecycle_records (account, repository, id);
CREATE INDEX lifecycle_records_digest ON lifecycle_records (account, repository, digest, id);
CREATE INDEX lifecycle_records_at ON lifecycle_records (at);
CREATE INDEX lifecycle_records_undo ON lifecycle_records (undo_until) WHERE manifest IS NOT NULL;

-- Where did tag X go?
CREATE TABLE lifecycle_record_tags (
  record_id BIGINT NOT NULL REFERENCES lifecycle_records (id) ON DELETE CASCADE,
  account TEXT NOT NULL,
  repository TEXT NOT NULL,
  tag TEXT NOT NULL,
  PRIMARY KEY (record_id, tag)
);
CREATE INDEX lifecycle_record_tags_tag ON lifecycle_record_tags (account, repository, tag, record_id);

-- What an account keeps whatever policies say: the document as it was put.
CREATE TABLE lifecycle_guards (
  account TEXT PRIMARY KEY REFERENCES accounts (id),
  text TEXT NOT NULL,
  put_at BIGINT NOT NULL,
  put_by TEXT NOT NULL
);
