-- Trust policies, what they stand on, and evidence: what is known of the signatures of each digest.

-- text: as it was put; NULL of one that was deleted, whose row stays so that no revision is given twice. version: of the document.
-- revision: grows with each change of the document or of what it names. floor: evidence of an earlier revision counts no more.
CREATE TABLE trust_policies (
  account TEXT NOT NULL REFERENCES accounts (id),
  name TEXT NOT NULL,
  text TEXT,
  inherit_from_index INTEGER NOT NULL,
  version BIGINT NOT NULL,
  revision BIGINT NOT NULL,
  floor BIGINT NOT NULL,
  put_at BIGINT NOT NULL,
  put_by TEXT NOT NULL,
  PRIMARY KEY (account, name)
);

-- Append-only. text: NULL where the policy was deleted.
CREATE TABLE trust_policy_versions (
  account TEXT NOT NULL,
  name TEXT NOT NULL,
  version BIGINT NOT NULL,
  text TEXT,
  put_at BIGINT NOT NULL,
  put_by TEXT NOT NULL,
  PRIMARY KEY (account, name, version)
);

-- Which policies name a store, a key or a root.
CREATE TABLE trust_policy_material (
  account TEXT NOT NULL,
  kind TEXT NOT NULL,
  name TEXT NOT NULL,
  policy TEXT NOT NULL,
  PRIMARY KEY (account, kind, name, policy),
  FOREIGN KEY (account, policy) REFERENCES trust_policies (account, name) ON DELETE CASCADE
);
CREATE INDEX trust_policy_material_policy ON trust_policy_material (account, policy);

-- kind: store, key or root. document: JSON.
CREATE TABLE trust_material (
  account TEXT NOT NULL REFERENCES accounts (id),
  kind TEXT NOT NULL,
  name TEXT NOT NULL,
  version BIGINT NOT NULL,
  document TEXT NOT NULL,
  put_at BIGINT NOT NULL,
  put_by TEXT NOT NULL,
  PRIMARY KEY (account, kind, name)
);

-- Append-only. document: NULL where it was deleted.
CREATE TABLE trust_material_versions (
  account TEXT NOT NULL,
  kind TEXT NOT NULL,
  name TEXT NOT NULL,
  version BIGINT NOT NULL,
  document TEXT,
  put_at BIGINT NOT NULL,
  put_by TEXT NOT NULL,
  PRIMARY KEY (account, kind, name, version)
);

-- How often the evidence of a digest was written: who computed it from an older state finds another number, and begins again.
CREATE TABLE evidence_subjects (
  repository_id BIGINT NOT NULL,
  digest TEXT NOT NULL,
  version BIGINT NOT NULL,
  PRIMARY KEY (repository_id, digest),
  FOREIGN KEY (repository_id, digest) REFERENCES manifests (repository_id, digest) ON DELETE CASCADE
);

-- Candidates that were tried. candidate_key: the same for a layer that moves from one manifest of a tag to the next.
CREATE TABLE signatures (
  id {{identity}},
  repository_id BIGINT NOT NULL,
  subject_digest TEXT NOT NULL,
  candidate_key TEXT NOT NULL,
  manifest_digest TEXT NOT NULL,
  layer_digest TEXT NOT NULL,
  format TEXT NOT NULL,
  via_tag TEXT NOT NULL,
  size BIGINT NOT NULL,
  pushed_by TEXT NOT NULL,
  seen_at BIGINT NOT NULL,
  UNIQUE (repository_id, subject_digest, candidate_key),
  FOREIGN KEY (repository_id, manifest_digest) REFERENCES manifests (repository_id, digest) ON DELETE CASCADE
);
CREATE INDEX signatures_manifest ON signatures (repository_id, manifest_digest);

-- Of each signature under each way to be trusted. checks: JSON.
CREATE TABLE signature_results (
  signature_id BIGINT NOT NULL REFERENCES signatures (id) ON DELETE CASCADE,
  policy TEXT NOT NULL,
  entry_id TEXT NOT NULL,
  policy_revision BIGINT NOT NULL,
  result TEXT NOT NULL,
  reason TEXT,
  checks TEXT NOT NULL,
  identity TEXT,
  key_id TEXT,
  signed_at BIGINT,
  signed_at_source TEXT,
  valid_until BIGINT,
  engine_revision TEXT NOT NULL,
  root_hash TEXT,
  computed_at BIGINT NOT NULL,
  PRIMARY KEY (signature_id, policy, entry_id)
);

-- What a decision reads. count_by_result, identities: JSON.
CREATE TABLE evidence (
  repository_id BIGINT NOT NULL,
  subject_digest TEXT NOT NULL,
  policy TEXT NOT NULL,
  policy_revision BIGINT NOT NULL,
  threshold INTEGER NOT NULL,
  result TEXT NOT NULL,
  reason TEXT,
  count_by_result TEXT NOT NULL,
  identities TEXT NOT NULL,
  valid_until BIGINT,
  engine_revision TEXT NOT NULL,
  computed_at BIGINT NOT NULL,
  PRIMARY KEY (repository_id, subject_digest, policy),
  FOREIGN KEY (repository_id, subject_digest) REFERENCES manifests (repository_id, digest) ON DELETE CASCADE
);
-- What the tick looks for.
CREATE INDEX evidence_due ON evidence (valid_until) WHERE valid_until IS NOT NULL;

-- On which manifests a verified row rests: with a manifest its support goes, in the same transaction.
CREATE TABLE evidence_supports (
  repository_id BIGINT NOT NULL,
  subject_digest TEXT NOT NULL,
  policy TEXT NOT NULL,
  identity TEXT NOT NULL,
  candidate_key TEXT NOT NULL,
  manifest_digest TEXT NOT NULL,
  via_tag TEXT NOT NULL,
  valid_until BIGINT,
  PRIMARY KEY (repository_id, subject_digest, policy, identity, candidate_key),
  FOREIGN KEY (repository_id, subject_digest, policy) REFERENCES evidence (repository_id, subject_digest, policy) ON DELETE CASCADE,
  FOREIGN KEY (repository_id, manifest_digest) REFERENCES manifests (repository_id, digest) ON DELETE CASCADE
);
CREATE INDEX evidence_supports_manifest ON evidence_supports (repository_id, manifest_digest);

-- Append-only, for "what did we know then". Outlives image and repository, hence no foreign key.
CREATE TABLE evidence_history (
  id {{identity}},
  account TEXT NOT NULL,
  repository TEXT NOT NULL,
  subject_digest TEXT NOT NULL,
  policy TEXT NOT NULL,
  policy_revision BIGINT NOT NULL,
  result TEXT NOT NULL,
  reason TEXT,
  identities TEXT NOT NULL,
  valid_until BIGINT,
  at BIGINT NOT NULL
);
CREATE INDEX evidence_history_subject ON evidence_history (account, repository, subject_digest, policy, id);
CREATE INDEX evidence_history_at ON evidence_history (at);

-- Lists and OCSP answers as they were fetched: public data, by what was asked.
CREATE TABLE revocation_answers (
  key TEXT PRIMARY KEY,
  bytes BYTEA NOT NULL,
  fetched_at BIGINT NOT NULL
);
CREATE INDEX revocation_answers_fetched ON revocation_answers (fetched_at);

-- Signed statements that a rule of a policy asks for. extracted: JSON.
CREATE TABLE attestation_results (
  repository_id BIGINT NOT NULL,
  subject_digest TEXT NOT NULL,
  policy TEXT NOT NULL,
  rule_id TEXT NOT NULL,
  candidate_key TEXT NOT NULL,
  policy_revision BIGINT NOT NULL,
  manifest_digest TEXT NOT NULL,
  via_tag TEXT NOT NULL,
  predicate_type TEXT NOT NULL,
  predicate_digest TEXT NOT NULL,
  extracted TEXT NOT NULL,
  result TEXT NOT NULL,
  reason TEXT,
  identity TEXT,
  valid_until BIGINT,
  computed_at BIGINT NOT NULL,
  PRIMARY KEY (repository_id, subject_digest, policy, rule_id, candidate_key),
  FOREIGN KEY (repository_id, subject_digest, policy) REFERENCES evidence (repository_id, subject_digest, policy) ON DELETE CASCADE,
  FOREIGN KEY (repository_id, manifest_digest) REFERENCES manifests (repository_id, digest) ON DELETE CASCADE
);
CREATE INDEX attestation_results_due ON attestation_results (valid_until) WHERE valid_until IS NOT NULL;
CREATE INDEX attestation_results_manifest ON attestation_results (repository_id, manifest_digest);
