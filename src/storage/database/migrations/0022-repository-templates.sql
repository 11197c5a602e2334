-- Tags for which the opposite of a repository's tag mutability holds, and templates of repositories.

-- JSON, a list of filters; NULL where tag_mutability has none.
ALTER TABLE repositories ADD COLUMN tag_exclusions TEXT;

-- prefix: without the slash at its end, or ROOT; written: as it was given. applied_for, tag_exclusions, resource_tags: JSON.
-- The texts of policies are byte for byte as they were put.
CREATE TABLE repository_templates (
  account TEXT NOT NULL REFERENCES accounts (id),
  prefix TEXT NOT NULL,
  written TEXT NOT NULL,
  description TEXT,
  applied_for TEXT NOT NULL,
  tag_mutability TEXT NOT NULL,
  tag_exclusions TEXT,
  resource_tags TEXT NOT NULL,
  repository_policy TEXT,
  lifecycle_policy TEXT,
  role_arn TEXT,
  created_at BIGINT NOT NULL,
  updated_at BIGINT NOT NULL,
  updated_by TEXT NOT NULL,
  PRIMARY KEY (account, prefix)
);
