-- What signs images here: keys and their certificates, profiles in versions, what was signed, and which images are to be.

-- Private keys (PKCS #8, sealed), never told. kind: root, intermediate, profile or named; account and name: of a named key.
-- chain: JSON, certificates in base64, the key's own first, up to the root.
CREATE TABLE signing_keys (
  id TEXT PRIMARY KEY,
  kind TEXT NOT NULL,
  account TEXT,
  name TEXT,
  algorithm TEXT NOT NULL,
  public_key BYTEA NOT NULL,
  chain TEXT NOT NULL,
  secret BYTEA NOT NULL,
  sealed_under TEXT,
  made_by TEXT NOT NULL,
  created_at BIGINT NOT NULL,
  expires_at BIGINT NOT NULL
);
-- The newest of a kind; keys that are to be sealed anew.
CREATE INDEX signing_keys_kind ON signing_keys (kind, created_at);
CREATE UNIQUE INDEX signing_keys_name ON signing_keys (account, name) WHERE name IS NOT NULL;

-- A name is taken for good. status: Active or Canceled. tags: a JSON object. permissions_revision changes with each permission.
CREATE TABLE signing_profiles (
  account TEXT NOT NULL,
  name TEXT NOT NULL,
  mode TEXT NOT NULL,
  status TEXT NOT NULL,
  version TEXT NOT NULL,
  tags TEXT NOT NULL,
  permissions_revision TEXT NOT NULL,
  changed_at BIGINT NOT NULL,
  PRIMARY KEY (account, name)
);

-- revoked_from: signatures of that moment and later count no more; absent: not revoked.
CREATE TABLE signing_profile_versions (
  account TEXT NOT NULL,
  name TEXT NOT NULL,
  version TEXT NOT NULL,
  key_id TEXT NOT NULL REFERENCES signing_keys (id),
  validity_value BIGINT NOT NULL,
  validity_type TEXT NOT NULL,
  made_by TEXT NOT NULL,
  made_at BIGINT NOT NULL,
  revoked_from BIGINT,
  revoked_at BIGINT,
  revoked_by TEXT,
  revoke_reason TEXT,
  PRIMARY KEY (account, name, version)
);

-- principals: the unique ids of those whom the principal names, as in repository_policies.
CREATE TABLE signing_profile_permissions (
  account TEXT NOT NULL,
  name TEXT NOT NULL,
  statement_id TEXT NOT NULL,
  action TEXT NOT NULL,
  principal TEXT NOT NULL,
  profile_version TEXT,
  principals TEXT NOT NULL,
  PRIMARY KEY (account, name, statement_id)
);

-- What was signed: account is the profile's owner, invoker the signer's account. digest: what the payload speaks of.
CREATE TABLE signing_jobs (
  id TEXT PRIMARY KEY,
  account TEXT NOT NULL,
  profile TEXT NOT NULL,
  version TEXT NOT NULL,
  invoker TEXT NOT NULL,
  requested_by TEXT NOT NULL,
  digest TEXT NOT NULL,
  created_at BIGINT NOT NULL,
  expires_at BIGINT NOT NULL,
  revoked_at BIGINT,
  revoked_by TEXT,
  revoke_reason TEXT
);
-- A list of them, newest first.
CREATE INDEX signing_jobs_account ON signing_jobs (account, created_at, id);

-- Images that a push had signed: one row for each profile, there from the push on. caller: who pushed, as JSON.
-- state: IN_PROGRESS, COMPLETE, FAILED. envelope: a signature that was made and is not pushed yet.
CREATE TABLE image_signings (
  repository_id BIGINT NOT NULL,
  digest TEXT NOT NULL,
  profile_arn TEXT NOT NULL,
  state TEXT NOT NULL,
  caller TEXT NOT NULL,
  asked_at BIGINT NOT NULL,
  version TEXT,
  job_id TEXT,
  envelope BYTEA,
  signed_at BIGINT,
  signature_digest TEXT,
  failure_code TEXT,
  failure_reason TEXT,
  PRIMARY KEY (repository_id, digest, profile_arn),
  FOREIGN KEY (repository_id, digest) REFERENCES manifests (repository_id, digest) ON DELETE CASCADE
);
