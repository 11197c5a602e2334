-- When an image is scanned: rules of an account, how long an image is scanned continuously, and whose job is next.

-- What PutRegistryScanningConfiguration was given; no row: the registry's defaults hold. rules: JSON [{frequency, filters}].
CREATE TABLE scanning_configurations (
  account TEXT PRIMARY KEY,
  scan_type TEXT NOT NULL,
  rules TEXT NOT NULL,
  put_by TEXT NOT NULL,
  put_at BIGINT NOT NULL
);

-- For how many days after its push and after its last pull an image is scanned continuously. push_days absent: for its lifetime;
-- pull_days absent: pulls do not count. No row: for its lifetime.
CREATE TABLE rescan_durations (
  account TEXT PRIMARY KEY,
  push_days BIGINT,
  pull_days BIGINT,
  pull_mode TEXT NOT NULL,
  put_at BIGINT NOT NULL
);

-- left_at: when the image left continuous scanning; its findings are then those of left_revision.
ALTER TABLE image_scans ADD COLUMN left_at BIGINT;
ALTER TABLE image_scans ADD COLUMN left_revision BIGINT;
-- Those that may come back.
CREATE INDEX image_scans_left ON image_scans (repository_id, digest) WHERE left_at IS NOT NULL;
-- Those that an older engine read.
CREATE INDEX image_scans_engine ON image_scans (extractor_revision, repository_id, digest);

-- Scans asked for by hand, for the quota of a day (UTC, days since 1970).
CREATE TABLE asked_scans (
  account TEXT NOT NULL,
  day BIGINT NOT NULL,
  scans BIGINT NOT NULL,
  PRIMARY KEY (account, day)
);

-- Up to when it was told that suppression rules have ended: ends that lie before are not told again, whatever a clock says.
-- walk_*: the ends up to walk_to are being told, image by image; those up to this place are done.
CREATE TABLE told_rule_ends (
  account TEXT PRIMARY KEY,
  through BIGINT NOT NULL,
  walk_to BIGINT,
  walk_repository BIGINT,
  walk_digest TEXT
);

-- Jobs of one priority are taken from each fair_key in turn. turn: which round of its priority a job belongs to;
-- job_turns: the newest round of which a job was taken, so that whoever asks now comes behind those who wait.
ALTER TABLE jobs ADD COLUMN fair_key TEXT NOT NULL DEFAULT '';
ALTER TABLE jobs ADD COLUMN turn BIGINT NOT NULL DEFAULT 0;
CREATE TABLE job_turns (
  priority INTEGER PRIMARY KEY,
  turn BIGINT NOT NULL
);
DROP INDEX jobs_due;
-- The next job.
CREATE INDEX jobs_turn ON jobs (priority, turn, id);
-- The last turn of a key; how many jobs it has waiting.
CREATE INDEX jobs_fair ON jobs (priority, fair_key, turn);

-- Rules that were given before somebody waited for their end.
INSERT INTO jobs (kind, key, input, priority, run_after, attempts, again, created_at)
SELECT 'tell-rule-ends', account, '{"account":"' || account || '"}', 100, 0, 0, 0, 0 FROM suppression_rules;
