-- Which images hold which packages, and how many findings each set of packages has: what changes is found from the change,
-- not by going through images.

-- A package as images hold it. owners: ids, in order, of the packages of the system that brought all its places, or ''.
-- counts: its findings by severity as of now; applied: what the counts of sets include of them (rules/finding-counts.ts).
CREATE TABLE holdings (
  id {{identity}},
  package_id BIGINT NOT NULL,
  owners TEXT NOT NULL,
  counts BYTEA NOT NULL,
  applied BYTEA NOT NULL,
  UNIQUE (package_id, owners)
);
-- What is still to be added to sets.
CREATE INDEX holdings_changed ON holdings (id) WHERE counts <> applied;

-- Packages whose findings depend on what is said of their owner.
CREATE TABLE holding_owners (
  owner_id BIGINT NOT NULL,
  package_id BIGINT NOT NULL,
  PRIMARY KEY (owner_id, package_id)
);

-- Sets that hold a holding, by chunks of set ids (rules/id-chunk.ts).
CREATE TABLE holding_postings (
  holding_id BIGINT NOT NULL,
  chunk BIGINT NOT NULL,
  sets BYTEA NOT NULL,
  PRIMARY KEY (holding_id, chunk)
);

-- Packages whose holdings are to be counted anew; mark grows with each asking.
CREATE TABLE uncounted_packages (
  package_id BIGINT PRIMARY KEY,
  mark BIGINT NOT NULL
);

-- The sets from before have other members and are made anew from what each scan listed. members: ids of holdings
-- (rules/id-list.ts). state: posting (not all postings name it yet) -> posted -> leaving (no image has it, and its postings go).
UPDATE image_scans SET package_set_id = NULL WHERE package_set_id IS NOT NULL;
DROP TABLE package_set_members;
DELETE FROM package_sets;
ALTER TABLE package_sets ADD COLUMN members BYTEA NOT NULL DEFAULT '';
ALTER TABLE package_sets ADD COLUMN state TEXT NOT NULL DEFAULT 'posting';
CREATE INDEX package_sets_leaving ON package_sets (id) WHERE state = 'leaving';
-- "Which images", in the order of images.
CREATE INDEX image_scans_images ON image_scans (repository_id, digest, package_set_id);
INSERT INTO jobs (kind, key, input, priority, run_after, attempts, again, created_at)
SELECT 'hold-older-scans', 'all', '{}', 60, 0, 0, 0, 0 WHERE EXISTS (SELECT 1 FROM image_scans);

-- Findings of a set; one without a row is not counted yet.
CREATE TABLE package_set_counts (
  set_id BIGINT PRIMARY KEY REFERENCES package_sets (id) ON DELETE CASCADE,
  critical BIGINT NOT NULL,
  high BIGINT NOT NULL,
  medium BIGINT NOT NULL,
  low BIGINT NOT NULL,
  informational BIGINT NOT NULL,
  undefined BIGINT NOT NULL,
  fixable BIGINT NOT NULL
);
CREATE TABLE uncounted_sets (
  set_id BIGINT PRIMARY KEY REFERENCES package_sets (id) ON DELETE CASCADE
);

-- What is being added to the counts of sets: each change once to every set that has a row, in the order of set ids.
CREATE TABLE count_changes (
  holding_id BIGINT PRIMARY KEY,
  change BYTEA NOT NULL
);
-- stage: gathering (holdings after cursor are still to be looked at), adding (sets after cursor still lack the changes).
CREATE TABLE count_state (
  only_row INTEGER PRIMARY KEY,
  stage TEXT NOT NULL,
  cursor BIGINT NOT NULL
);
INSERT INTO count_state (only_row, stage, cursor) VALUES (1, 'gathering', 0);

-- Facts about CVEs that were held against what is stored: those of a later generation are compared with these.
ALTER TABLE cve_fact_sources ADD COLUMN applied_generation BIGINT NOT NULL DEFAULT 0;
UPDATE cve_fact_sources SET applied_generation = generation;

-- The rows of a package are few, and what is written of them is planned from all of them: an index of its own cost more than
-- anything else when data changed.
DROP INDEX matches_present;
-- By flaw, ended or not, in one index: a match that ends stays where it is.
DROP INDEX matches_vulnerability;
CREATE INDEX matches_flaw ON matches (vulnerability, package_id, until_revision);
