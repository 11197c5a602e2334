-- Runs of the collector. The one that is open is under way; killed, it goes on at its cursor. progress is JSON; steps counts batches.
CREATE TABLE collections (
  id {{identity}},
  state TEXT NOT NULL,
  asked_by TEXT NOT NULL,
  untagged_before BIGINT,
  phase TEXT NOT NULL,
  cursor TEXT NOT NULL,
  progress TEXT NOT NULL,
  steps BIGINT NOT NULL,
  started_at BIGINT NOT NULL,
  ended_at BIGINT
);
CREATE UNIQUE INDEX collections_open ON collections (state) WHERE state = 'open';
CREATE INDEX collections_started ON collections (started_at);
