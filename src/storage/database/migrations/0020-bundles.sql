-- Vulnerability data across an air gap, and how long what is not in force is kept.

-- No revision before this one can be asked for: what only it knew is removed.
ALTER TABLE advisory_state ADD COLUMN kept_from_revision BIGINT NOT NULL DEFAULT 0;
-- Removing a record that is not in force: whether a match that can be asked for still names it; which packages a record concerns.
CREATE INDEX matches_advisory ON matches (advisory_row);
-- Removing matches that are not in force.
CREATE INDEX matches_until ON matches (until_revision) WHERE until_revision IS NOT NULL;
-- The records of a source as any revision has them, in the order of their keys.
CREATE INDEX advisories_source ON advisories (source, advisory_key, from_revision);
-- Which revision was in force at a date.
CREATE INDEX advisory_revisions_at ON advisory_revisions (at);

-- Keys that bundles are signed with; the newest signs. name: of the sealed private half in stored_keys. public_key: PEM.
CREATE TABLE bundle_keys (
  id {{identity}},
  name TEXT NOT NULL UNIQUE,
  fingerprint TEXT NOT NULL,
  public_key TEXT NOT NULL,
  created_at BIGINT NOT NULL
);

-- Bundles that were made here: what a delta may be made against. sources: JSON of names and content hashes.
CREATE TABLE bundle_exports (
  bundle_id TEXT PRIMARY KEY,
  revision BIGINT NOT NULL,
  sources TEXT NOT NULL,
  created_at BIGINT NOT NULL
);

-- Bundles that came in. made_at and revision: what the bundle says of itself. fingerprint: of the key that vouched for it, if any.
CREATE TABLE bundle_imports (
  id {{identity}},
  bundle_id TEXT NOT NULL,
  revision BIGINT NOT NULL,
  made_at BIGINT NOT NULL,
  fingerprint TEXT,
  imported_by TEXT NOT NULL,
  imported_at BIGINT NOT NULL
);

-- Sources that stand as a bundle brought them; the row goes when anything else brings the source.
-- as_of: when the state was the origin's newest, where the bundle was made.
CREATE TABLE bundle_sources (
  source TEXT PRIMARY KEY,
  bundle_id TEXT NOT NULL,
  origin TEXT NOT NULL,
  as_of BIGINT NOT NULL
);
