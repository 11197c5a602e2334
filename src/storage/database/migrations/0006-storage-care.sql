-- What keeps stored bytes and rows in agreement: backups, the sweep of orphans, blobs whose bytes are lost.

-- While a row is in force (ends_at lies ahead) the collector removes no bytes: a backup is copying them. That of a killed one ends by itself.
CREATE TABLE deletion_pauses (
  id TEXT PRIMARY KEY,
  reason TEXT NOT NULL,
  ends_at BIGINT NOT NULL
);

-- Bytes that no row named when the sweep came by; they go when it comes by again.
CREATE TABLE orphan_sightings (
  storage_key TEXT PRIMARY KEY,
  seen_at BIGINT NOT NULL
);
CREATE INDEX orphan_sightings_seen ON orphan_sightings (seen_at);

-- One row. next_shard: which of the 256 parts of the blob store the next collection looks at first.
CREATE TABLE orphan_sweep (
  only_row INTEGER PRIMARY KEY,
  next_shard INTEGER NOT NULL
);
INSERT INTO orphan_sweep (only_row, next_shard) VALUES (1, 0);

-- A blob is missing when its bytes are known to be lost or damaged: it keeps its links, nobody sees it, and a push of the
-- digest makes the same row live again. A digest has one live or missing row.
CREATE UNIQUE INDEX blobs_missing_digest ON blobs (digest) WHERE state = 'missing';
