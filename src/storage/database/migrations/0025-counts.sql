-- Counts of findings where they lie together: a change of data wrote a page of holdings for each holding, twice, and a row
-- for each set.

-- Findings of a holding that has any, or had when it was last added to sets; of the others nothing is kept.
-- counts: by severity as of now; applied: what the counts of sets include of them (rules/finding-counts.ts).
CREATE TABLE holding_counts (
  holding_id BIGINT PRIMARY KEY,
  counts BYTEA NOT NULL,
  applied BYTEA NOT NULL
);
-- Who has no match, in force or ended, has no finding.
INSERT INTO holding_counts (holding_id, counts, applied)
SELECT h.id, h.counts, h.applied FROM holdings h
WHERE h.counts <> h.applied OR EXISTS (SELECT 1 FROM matches m WHERE m.package_id = h.package_id)
ORDER BY h.id;
-- What is still to be added to sets.
CREATE INDEX holding_counts_changed ON holding_counts (holding_id) WHERE counts <> applied;
DROP INDEX holdings_changed;
ALTER TABLE holdings DROP COLUMN counts;
ALTER TABLE holdings DROP COLUMN applied;

-- Findings of sets, some neighbours in a row (rules/count-block.ts). Rows of package_set_counts are of the time before: the next
-- counting moves them here, and until then they are read where they are.
CREATE TABLE set_count_blocks (
  block BIGINT PRIMARY KEY,
  counts BYTEA NOT NULL
);
INSERT INTO jobs (kind, key, input, priority, run_after, attempts, again, created_at)
SELECT 'count-findings', 'all', '{}', 40, 0, 0, 0, 0
WHERE EXISTS (SELECT 1 FROM package_set_counts)
  AND NOT EXISTS (SELECT 1 FROM jobs WHERE kind = 'count-findings');
