-- Session policies that are too long to travel within the session's token; the token has the hash. A row goes some time after
-- the last session that names it has ended.
CREATE TABLE session_policies (
  hash TEXT PRIMARY KEY,
  document TEXT NOT NULL,
  needed_until BIGINT NOT NULL
);
-- Lookup: what no session needs any more.
CREATE INDEX session_policies_needed ON session_policies (needed_until);
