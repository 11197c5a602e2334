-- What Inspector's API tells of images and keeps for their owners.

-- Since when an image is known to the scanner: a scan replaces what the one before it wrote. architecture: as the image's config says.
ALTER TABLE image_scans ADD COLUMN first_completed_at BIGINT;
ALTER TABLE image_scans ADD COLUMN architecture TEXT;
UPDATE image_scans SET first_completed_at = completed_at;

-- Criteria that somebody gave a name: a search that is kept (NONE), or one whose findings are not counted (SUPPRESS).
CREATE TABLE finding_filters (
  account TEXT NOT NULL,
  id TEXT NOT NULL,
  name TEXT NOT NULL,
  action TEXT NOT NULL,
  criteria TEXT NOT NULL,
  description TEXT,
  reason TEXT,
  tags TEXT NOT NULL,
  made_by TEXT NOT NULL,
  made_at BIGINT NOT NULL,
  changed_at BIGINT NOT NULL,
  PRIMARY KEY (account, id),
  UNIQUE (account, name)
);

-- Reports of findings and bills of materials that are written for somebody, in parts, into the blob store.
-- state: IN_PROGRESS, SUCCEEDED, FAILED, CANCELLED. cursor: where the next part begins; size: bytes that are written and stay.
CREATE TABLE finding_exports (
  id TEXT PRIMARY KEY,
  account TEXT NOT NULL,
  kind TEXT NOT NULL,
  format TEXT NOT NULL,
  criteria TEXT NOT NULL,
  destination TEXT NOT NULL,
  state TEXT NOT NULL,
  failure TEXT,
  storage_key TEXT NOT NULL UNIQUE,
  size BIGINT NOT NULL,
  entries BIGINT NOT NULL,
  cursor TEXT,
  made_by TEXT NOT NULL,
  created_at BIGINT NOT NULL,
  ended_at BIGINT
);
-- What has been kept for long enough.
CREATE INDEX finding_exports_created ON finding_exports (created_at);
-- How many an account has under way.
CREATE INDEX finding_exports_open ON finding_exports (account) WHERE state = 'IN_PROGRESS';
