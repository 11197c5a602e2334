-- What the registry found of its own posture, and what each account expects of itself.

-- text: as it was put.
CREATE TABLE posture_rules (
  account TEXT PRIMARY KEY REFERENCES accounts (id),
  text TEXT NOT NULL,
  put_at BIGINT NOT NULL,
  put_by TEXT NOT NULL
);

-- The last judgement of an account. document: JSON, of each rule the gravest resources. failing: JSON, of each rule the places that
-- fail and were told. log_facts: JSON, what was read of the audit log so far. event_id: the newest event when it began.
CREATE TABLE posture_results (
  account TEXT PRIMARY KEY REFERENCES accounts (id),
  judged_at BIGINT NOT NULL,
  took_ms BIGINT NOT NULL,
  event_id BIGINT NOT NULL,
  document TEXT NOT NULL,
  failing TEXT NOT NULL,
  log_facts TEXT NOT NULL
);

-- Scores, when something changed and once a day; the newest are kept. failing: JSON, ids of rules. points: absent where nothing could be judged.
CREATE TABLE posture_history (
  account TEXT NOT NULL REFERENCES accounts (id),
  judged_at BIGINT NOT NULL,
  points BIGINT,
  passed BIGINT NOT NULL,
  failed BIGINT NOT NULL,
  unknown BIGINT NOT NULL,
  suppressed BIGINT NOT NULL,
  failing TEXT NOT NULL,
  PRIMARY KEY (account, judged_at)
);

-- From when on a signature itself counts no more; absent of one without an end, and of results of an earlier engine, which are made anew.
ALTER TABLE signature_results ADD COLUMN ends_at BIGINT;

-- secrets: JSON, where secrets stand in the layer and what they look like; absent where none was found. They are in the inventory, too.
ALTER TABLE layer_inventories ADD COLUMN secrets TEXT;
