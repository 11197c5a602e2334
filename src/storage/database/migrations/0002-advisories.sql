-- Vulnerability data, the packages it is held against, and what came of it.
-- Rows carry the revisions of the data between which they are true: from_revision <= R and until_revision above R or
-- absent. An import writes rows of the next revision, which nobody sees until advisory_state names it.

-- One row. revision: what everybody reads. evaluated_revision: up to where every package was re-evaluated.
-- pending_*: the import that is running, or that was killed when pending_until is over.
CREATE TABLE advisory_state (
  only_row INTEGER PRIMARY KEY,
  revision BIGINT NOT NULL,
  evaluated_revision BIGINT NOT NULL,
  pending_revision BIGINT,
  pending_owner TEXT,
  pending_until BIGINT
);
INSERT INTO advisory_state (only_row, revision, evaluated_revision) VALUES (1, 0, 0);

-- How each visible revision came to be.
CREATE TABLE advisory_revisions (
  revision BIGINT PRIMARY KEY,
  source TEXT NOT NULL,
  origin TEXT NOT NULL,
  added BIGINT NOT NULL,
  changed BIGINT NOT NULL,
  removed BIGINT NOT NULL,
  at BIGINT NOT NULL
);

-- imported_at: the last import that succeeded, changes or not; failure: why the last attempt did not.
CREATE TABLE advisory_sources (
  name TEXT PRIMARY KEY,
  origin TEXT NOT NULL,
  records BIGINT NOT NULL,
  ranges BIGINT NOT NULL,
  newest_modified BIGINT,
  imported_at BIGINT,
  validator TEXT,
  attempted_at BIGINT,
  failure TEXT
);

-- content_hash is over the normalised record; document is that record, zstd, and the last column, so that lists do not read it.
CREATE TABLE advisories (
  id {{identity}},
  source TEXT NOT NULL,
  advisory_key TEXT NOT NULL,
  advisory_id TEXT NOT NULL,
  content_hash TEXT NOT NULL,
  modified BIGINT,
  withdrawn BIGINT,
  ranges INTEGER NOT NULL,
  ids TEXT NOT NULL,
  summary TEXT,
  url TEXT,
  from_revision BIGINT NOT NULL,
  until_revision BIGINT,
  document BYTEA NOT NULL
);
-- Import: the newest state of a record; counting and ending a source's records.
CREATE UNIQUE INDEX advisories_newest ON advisories (source, advisory_key) WHERE until_revision IS NULL;
-- Discarding what an import left; a record named twice in one import.
CREATE INDEX advisories_from ON advisories (from_revision);
CREATE INDEX advisories_until ON advisories (until_revision) WHERE until_revision IS NOT NULL;
-- Explaining by id.
CREATE INDEX advisories_id ON advisories (advisory_id);

-- What a record says of one package: one row for each (ecosystem, name), all its ranges in affected.
CREATE TABLE advisory_packages (
  advisory_row BIGINT NOT NULL REFERENCES advisories (id) ON DELETE CASCADE,
  ecosystem TEXT NOT NULL,
  name TEXT NOT NULL,
  affected TEXT NOT NULL,
  PRIMARY KEY (advisory_row, ecosystem, name)
);
-- Matching: what is said of this package.
CREATE INDEX advisory_packages_name ON advisory_packages (ecosystem, name);

-- Names that an import touched: where re-evaluation begins.
CREATE TABLE advisory_changes (
  revision BIGINT NOT NULL,
  ecosystem TEXT NOT NULL,
  name TEXT NOT NULL,
  PRIMARY KEY (revision, ecosystem, name)
);

-- Keys that the running import has met: tells repeated records, and which were absent from a snapshot.
CREATE TABLE advisory_import_keys (
  advisory_key TEXT PRIMARY KEY
);

-- Distinct packages of all images. tuple_hash is over what makes two of them different; the distribution counts for
-- packages of the operating system only, so that a library is one row wherever it lies.
CREATE TABLE packages (
  id {{identity}},
  tuple_hash TEXT NOT NULL UNIQUE,
  type TEXT NOT NULL,
  namespace TEXT,
  name TEXT NOT NULL,
  version TEXT NOT NULL,
  architecture TEXT,
  source_name TEXT,
  source_version TEXT,
  distribution_id TEXT,
  distribution_version TEXT,
  unknown_reason TEXT,
  matched_revision BIGINT
);
-- "Which packages have this name."
CREATE INDEX packages_name ON packages (name, type);

-- Where advisories for a package are looked up, and the version held against them.
CREATE TABLE package_lookups (
  package_id BIGINT NOT NULL REFERENCES packages (id) ON DELETE CASCADE,
  ecosystem TEXT NOT NULL,
  name TEXT NOT NULL,
  version TEXT NOT NULL,
  PRIMARY KEY (package_id, ecosystem, name)
);
-- Re-evaluation: packages that a changed name concerns.
CREATE INDEX package_lookups_name ON package_lookups (ecosystem, name, package_id);

-- Kept for each package, never for each image. advisory_row has no foreign key: its index would be larger than its use,
-- and rows that were visible once are never deleted.
CREATE TABLE matches (
  id {{identity}},
  package_id BIGINT NOT NULL REFERENCES packages (id) ON DELETE CASCADE,
  vulnerability TEXT NOT NULL,
  advisory_row BIGINT NOT NULL,
  verdict TEXT NOT NULL,
  severity TEXT NOT NULL,
  severity_source TEXT,
  score DOUBLE PRECISION,
  vector TEXT,
  fixed_version TEXT,
  evidence TEXT NOT NULL,
  from_revision BIGINT NOT NULL,
  until_revision BIGINT
);
-- Findings of an image: the matches of its packages.
CREATE INDEX matches_package ON matches (package_id);
CREATE UNIQUE INDEX matches_present ON matches (package_id, advisory_row, vulnerability) WHERE until_revision IS NULL;
-- "Where do we run this CVE."
CREATE INDEX matches_vulnerability ON matches (vulnerability, package_id) WHERE until_revision IS NULL;
