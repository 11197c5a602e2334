-- Identities, their policies and sessions; the policies of registries and repositories. `*_key` is a name in lower case:
-- names are unique without regard to case. Documents are kept as they were given; `principals` beside one is a JSON object
-- that gives the unique id of each principal ARN named in it, as it was when the document was put: a principal that was
-- deleted and made again is another one.

-- state: active, closed. A closed account's credentials open nothing, and what it has stays.
ALTER TABLE accounts ADD COLUMN state TEXT NOT NULL DEFAULT 'active';
ALTER TABLE accounts ADD COLUMN alias TEXT;
CREATE UNIQUE INDEX accounts_alias ON accounts (alias) WHERE alias IS NOT NULL;

-- The account's root user has the account's id as its id, kind 'root', and is in no list of users.
-- Rights come from policies alone: who was an administrator has AdministratorAccess attached.
ALTER TABLE users ADD COLUMN kind TEXT NOT NULL DEFAULT 'user';
ALTER TABLE users ADD COLUMN path TEXT NOT NULL DEFAULT '/';
ALTER TABLE users ADD COLUMN name_key TEXT NOT NULL DEFAULT '';
ALTER TABLE users ADD COLUMN boundary_arn TEXT;
UPDATE users SET name_key = lower(name);
CREATE UNIQUE INDEX users_name_key ON users (account, name_key);

ALTER TABLE access_keys ADD COLUMN last_used_service TEXT;
ALTER TABLE access_keys ADD COLUMN last_used_region TEXT;
CREATE INDEX access_keys_user ON access_keys (user_id);

CREATE TABLE user_groups (
  id TEXT PRIMARY KEY,
  account TEXT NOT NULL REFERENCES accounts (id),
  name TEXT NOT NULL,
  name_key TEXT NOT NULL,
  path TEXT NOT NULL,
  created_at BIGINT NOT NULL,
  UNIQUE (account, name_key)
);

CREATE TABLE group_members (
  group_id TEXT NOT NULL REFERENCES user_groups (id) ON DELETE CASCADE,
  user_id TEXT NOT NULL REFERENCES users (id) ON DELETE CASCADE,
  PRIMARY KEY (group_id, user_id)
);
CREATE INDEX group_members_user ON group_members (user_id);

CREATE TABLE roles (
  id TEXT PRIMARY KEY,
  account TEXT NOT NULL REFERENCES accounts (id),
  name TEXT NOT NULL,
  name_key TEXT NOT NULL,
  path TEXT NOT NULL,
  description TEXT,
  max_session_seconds BIGINT NOT NULL,
  trust_document TEXT NOT NULL,
  trust_principals TEXT NOT NULL,
  boundary_arn TEXT,
  created_at BIGINT NOT NULL,
  last_used_at BIGINT,
  last_used_region TEXT,
  UNIQUE (account, name_key)
);

-- owner_id: a user, a role or a managed policy.
CREATE TABLE identity_tags (
  owner_id TEXT NOT NULL,
  tag_key TEXT NOT NULL,
  tag_value TEXT NOT NULL,
  PRIMARY KEY (owner_id, tag_key)
);

-- owner_id: a user, a group or a role.
CREATE TABLE inline_policies (
  owner_id TEXT NOT NULL,
  name TEXT NOT NULL,
  name_key TEXT NOT NULL,
  document TEXT NOT NULL,
  PRIMARY KEY (owner_id, name_key)
);

CREATE TABLE managed_policies (
  id TEXT PRIMARY KEY,
  account TEXT NOT NULL REFERENCES accounts (id),
  name TEXT NOT NULL,
  name_key TEXT NOT NULL,
  path TEXT NOT NULL,
  description TEXT,
  default_version BIGINT NOT NULL,
  next_version BIGINT NOT NULL,
  created_at BIGINT NOT NULL,
  updated_at BIGINT NOT NULL,
  UNIQUE (account, name_key)
);

CREATE TABLE managed_policy_versions (
  policy_id TEXT NOT NULL REFERENCES managed_policies (id) ON DELETE CASCADE,
  version BIGINT NOT NULL,
  document TEXT NOT NULL,
  created_at BIGINT NOT NULL,
  PRIMARY KEY (policy_id, version)
);

-- policy_arn is no foreign key: AWS's own managed policies have no row.
CREATE TABLE attached_policies (
  owner_id TEXT NOT NULL,
  policy_arn TEXT NOT NULL,
  attached_at BIGINT NOT NULL,
  PRIMARY KEY (owner_id, policy_arn)
);
CREATE INDEX attached_policies_arn ON attached_policies (policy_arn);
INSERT INTO attached_policies (owner_id, policy_arn, attached_at)
  SELECT id, 'arn:aws:iam::aws:policy/AdministratorAccess', created_at FROM users WHERE is_administrator = 1;
ALTER TABLE users DROP COLUMN is_administrator;

-- issuer: the URL without its scheme, as it stands in the ARN. Lists are JSON arrays; options is a JSON object of what AWS
-- has no parameter for (see access/oidc-provider-store.ts).
CREATE TABLE oidc_providers (
  account TEXT NOT NULL REFERENCES accounts (id),
  issuer TEXT NOT NULL,
  client_ids TEXT NOT NULL,
  thumbprints TEXT NOT NULL,
  options TEXT NOT NULL,
  created_at BIGINT NOT NULL,
  PRIMARY KEY (account, issuer)
);

-- subject: the id of a user, a role or one session. Sessions of it that were issued before that moment open nothing.
CREATE TABLE session_revocations (
  subject TEXT PRIMARY KEY,
  issued_before BIGINT NOT NULL
);

-- What binds every principal of an account (kind 'scp') or whoever uses its resources (kind 'rcp'), as in an organisation.
-- level: 0 is nearest the root; each level needs an Allow of its own.
CREATE TABLE guard_rails (
  account TEXT NOT NULL REFERENCES accounts (id),
  kind TEXT NOT NULL,
  level INTEGER NOT NULL,
  name TEXT NOT NULL,
  document TEXT NOT NULL,
  PRIMARY KEY (account, kind, level, name)
);

CREATE TABLE repository_policies (
  repository_id BIGINT PRIMARY KEY REFERENCES repositories (id) ON DELETE CASCADE,
  document TEXT NOT NULL,
  principals TEXT NOT NULL,
  updated_at BIGINT NOT NULL
);

CREATE TABLE registry_policies (
  account TEXT PRIMARY KEY REFERENCES accounts (id),
  document TEXT NOT NULL,
  principals TEXT NOT NULL,
  updated_at BIGINT NOT NULL
);

CREATE TABLE account_settings (
  account TEXT NOT NULL REFERENCES accounts (id),
  name TEXT NOT NULL,
  value TEXT NOT NULL,
  PRIMARY KEY (account, name)
);

-- One row. Grows in each transaction that changes what a decision could read: identities, policies, tags, settings.
CREATE TABLE policy_epoch (
  only_row INTEGER PRIMARY KEY,
  epoch BIGINT NOT NULL
);
INSERT INTO policy_epoch (only_row, epoch) VALUES (1, 1);
