-- Feeds: what is known of each part that is refreshed, by schedule or on request. A part's records are those of the
-- source of the same name in advisory_sources; facts about CVEs are in cve_fact_sources.

-- cursor: names the state that is here, in the feed's own words. checked_at: when the origin's state was last had or
-- confirmed. failure, failure_kind, failing_since: why the state in force is not newer, since when. failures: in a row.
-- frozen_at: since when the origin does not have the part any more; its records stay in force.
CREATE TABLE feed_parts (
  name TEXT PRIMARY KEY,
  feed TEXT NOT NULL,
  part TEXT NOT NULL,
  cursor TEXT,
  checked_at BIGINT,
  attempted_at BIGINT,
  failure TEXT,
  failure_kind TEXT,
  failing_since BIGINT,
  failures INTEGER NOT NULL,
  next_attempt_at BIGINT,
  frozen_at BIGINT
);
-- Parts of a feed.
CREATE INDEX feed_parts_feed ON feed_parts (feed, part);

-- A failing origin was known by its last attempt only; what is known of it goes on here.
INSERT INTO feed_parts (name, feed, part, checked_at, attempted_at, failure, failure_kind, failing_since, failures)
  SELECT name, 'osv', SUBSTR(name, 5), imported_at, attempted_at, failure,
    CASE WHEN failure IS NULL THEN NULL ELSE 'refused' END,
    CASE WHEN failure IS NULL THEN NULL ELSE attempted_at END,
    CASE WHEN failure IS NULL THEN 0 ELSE 1 END
  FROM advisory_sources WHERE origin = 'feed' AND name LIKE 'osv/%';
DELETE FROM advisory_sources WHERE origin = 'feed' AND imported_at IS NULL;
ALTER TABLE advisory_sources DROP COLUMN attempted_at;
ALTER TABLE advisory_sources DROP COLUMN failure;

-- Records that the last whole state of a source lacked: the next one that lacks them too ends them. since: absent while
-- the import that noted it is not published.
CREATE TABLE advisory_absences (
  source TEXT NOT NULL,
  advisory_key TEXT NOT NULL,
  since BIGINT,
  PRIMARY KEY (source, advisory_key)
);

-- The ecosystems (with their release) that a source speaks of. frozen_at: since when it does not any more; what it said
-- last of that release stays in force under a source of its own.
CREATE TABLE advisory_source_ecosystems (
  source TEXT NOT NULL,
  ecosystem TEXT NOT NULL,
  frozen_at BIGINT,
  PRIMARY KEY (source, ecosystem)
);
