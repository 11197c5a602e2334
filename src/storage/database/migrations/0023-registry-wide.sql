-- What an account's registry as a whole is told: whose pulls do not count, what is signed, copied elsewhere and fetched from elsewhere.

-- Roles whose pulls do not count as pulls. role_arn: with its path, as aws:PrincipalArn says it.
CREATE TABLE pull_time_exclusions (
  account TEXT NOT NULL,
  role_arn TEXT NOT NULL,
  registered_by TEXT NOT NULL,
  registered_at BIGINT NOT NULL,
  PRIMARY KEY (account, role_arn)
);

-- Which pushed images are signed by which profile. rules: JSON [{profileArn, filters}]; filters absent: every repository.
CREATE TABLE signing_configurations (
  account TEXT PRIMARY KEY,
  rules TEXT NOT NULL,
  put_by TEXT NOT NULL,
  put_at BIGINT NOT NULL
);

-- Which images are copied where. rules: JSON [{destinations, prefixes, deletions}].
CREATE TABLE replication_configurations (
  account TEXT PRIMARY KEY,
  rules TEXT NOT NULL,
  put_by TEXT NOT NULL,
  put_at BIGINT NOT NULL
);

-- Copying what was there before the rule. state: as the API spells it; failure: its code. ended_at absent: under way.
CREATE TABLE replication_backfills (
  id TEXT PRIMARY KEY,
  account TEXT NOT NULL,
  region TEXT NOT NULL,
  registry TEXT NOT NULL,
  state TEXT NOT NULL,
  failure TEXT,
  started_by TEXT NOT NULL,
  started_at BIGINT NOT NULL,
  ended_at BIGINT
);
-- A list of them, newest first.
CREATE INDEX replication_backfills_account ON replication_backfills (account, started_at, id);
-- One at a time for each region.
CREATE UNIQUE INDEX replication_backfills_open ON replication_backfills (account, region) WHERE ended_at IS NULL;

-- From which registry repositories under a prefix are fetched. prefix: without a slash at its end, or ROOT; written_prefix: as put.
CREATE TABLE pull_through_rules (
  account TEXT NOT NULL,
  prefix TEXT NOT NULL,
  written_prefix TEXT NOT NULL,
  upstream TEXT NOT NULL,
  upstream_url TEXT NOT NULL,
  upstream_prefix TEXT NOT NULL,
  credential_arn TEXT,
  custom_role_arn TEXT,
  made_by TEXT NOT NULL,
  made_at BIGINT NOT NULL,
  changed_at BIGINT NOT NULL,
  PRIMARY KEY (account, prefix)
);
