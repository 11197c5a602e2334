// Rows as each released schema held them, in every table: what a migration must carry over.
import type { SqlWriter } from '../../src/storage/database/database.ts'

const digest = (letter: string): string => `sha256:${letter.repeat(64)}`
const key = (letter: string): string => letter.repeat(32)
const manifest = '{"schemaVersion":2}'

/** Statements for the tables that the schema version of that number brought. */
const rows: Readonly<Record<number, readonly string[]>> = {
  0: [`INSERT INTO accounts (id, created_at) VALUES ('123456789012', 1), ('210987654321', 2)`],
  1: [
    `INSERT INTO access_keys (id, user_id, secret, status, created_at) VALUES ('AKIA1', 'AIDA1', x'00ff10', 'Active', 4)`,
    `INSERT INTO repositories (id, account, name, tag_mutability, scan_on_push, created_at)
     VALUES (1, '123456789012', 'team/app', 'IMMUTABLE', 1, 5), (2, '123456789012', 'other', 'MUTABLE', 0, 6),
       (3, '210987654321', 'third', 'MUTABLE', 0, 7)`,
    `INSERT INTO repository_tags VALUES (1, 'owner', 'søren')`,
    `INSERT INTO blobs (id, digest, size, storage_key, state, created_at, deleting_at) VALUES
       (1, '${digest('a')}', 100, '${key('a')}', 'live', 8, NULL), (2, '${digest('b')}', 20, '${key('b')}', 'live', 8, NULL),
       (3, '${digest('a')}', 100, '${key('c')}', 'deleting', 8, 9)`,
    `INSERT INTO blob_links VALUES (1, 1, 10), (1, 2, 10), (2, 1, 10), (3, 1, 10)`,
    `INSERT INTO manifests (repository_id, digest, media_type, artifact_type, subject_digest, image_size, pushed_at, pushed_by,
       last_pulled_at, annotations, size, bytes) VALUES
       (1, '${digest('d')}', 'application/vnd.oci.image.manifest.v1+json', NULL, NULL, 120, 11, 'arn', 12, NULL, 19, CAST('${manifest}' AS BLOB)),
       (1, '${digest('e')}', 'application/vnd.oci.image.index.v1+json', 'x/y', '${digest('d')}', 0, 11, 'arn', NULL, '{"a":"b"}', 19, CAST('${manifest}' AS BLOB)),
       (2, '${digest('d')}', 'application/vnd.oci.image.manifest.v1+json', NULL, NULL, 120, 11, 'arn', NULL, NULL, 19, CAST('${manifest}' AS BLOB))`,
    `INSERT INTO manifest_blobs VALUES (1, '${digest('d')}', 0, 'config', '${digest('b')}', 'c/d', 20), (1, '${digest('d')}', 1, 'layer', '${digest('a')}', 'l/m', 100)`,
    `INSERT INTO manifest_children VALUES (1, '${digest('e')}', 0, '${digest('d')}')`,
    `INSERT INTO tags VALUES (1, 'v1', '${digest('d')}', 13)`,
    `INSERT INTO tag_history (repository_id, repository, name, from_digest, to_digest, principal, at)
     VALUES (1, 'team/app', 'v1', NULL, '${digest('d')}', 'arn', 13)`,
    `INSERT INTO uploads VALUES ('u1', 1, 'AIDA1', 'sha256', 5, 5, 0, '${key('e')}', 'open', NULL, 'holder', 14, 15, 16)`,
    `INSERT INTO storage_deletions VALUES ('${key('f')}', 17)`,
    `INSERT INTO jobs (kind, key, input, priority, run_after, attempts, again, created_at) VALUES ('k', 'x', '{}', 5, 18, 0, 0, 18)`,
    `INSERT INTO events (kind, account, resource, detail, at) VALUES ('ImagePushed', '123456789012', 'team/app', '{}', 19)`,
  ],
  2: [
    `INSERT INTO advisory_revisions VALUES (1, 'npm', 'import', 1, 0, 0, 20)`,
    `INSERT INTO advisory_sources (name, origin, records, ranges, newest_modified, imported_at, validator)
     VALUES ('npm', 'import', 1, 1, 21, 22, 'etag')`,
    `INSERT INTO advisories (id, source, advisory_key, advisory_id, content_hash, modified, withdrawn, ranges, ids, summary, url,
       from_revision, until_revision, document) VALUES (1, 'npm', 'k', 'GHSA-1', 'h', 24, NULL, 1, '[]', 's', 'u', 1, NULL, x'28b5')`,
    `INSERT INTO advisory_packages VALUES (1, 'npm', 'lodash', '{}')`,
    `INSERT INTO advisory_changes VALUES (1, 'npm', 'lodash')`,
    `INSERT INTO advisory_import_keys VALUES ('k')`,
    `INSERT INTO packages (id, tuple_hash, type, name, version) VALUES (1, 'h', 'npm', 'lodash', '4.17.20')`,
    `INSERT INTO package_lookups VALUES (1, 'npm', 'lodash', '4.17.20')`,
    `INSERT INTO matches (package_id, vulnerability, advisory_row, verdict, severity, score, evidence, from_revision)
     VALUES (1, 'CVE-1', 1, 'affected', 'HIGH', 7.5, '{}', 1)`,
  ],
  3: [
    `INSERT INTO layer_inventories (digest, extractor_revision, inventory, read_at) VALUES ('${digest('a')}', 'r1', x'28b5', 25)`,
    `INSERT INTO image_scans (repository_id, digest, status, reason, notes, distribution, data_needed, package_set_id,
       data_revision, extractor_revision, requested_at, completed_at, instances)
     VALUES (1, '${digest('d')}', 'COMPLETE', NULL, '[]', 'debian 12', '[]', 1, 1, 'r1', 26, 27, x'28b5')`,
  ],
  4: [`UPDATE accounts SET max_bytes = 1000 WHERE id = '123456789012'`],
  5: [
    `INSERT INTO collections (state, asked_by, phase, cursor, progress, steps, started_at) VALUES ('open', 'schedule', 'links', '1/2', '{"links":3}', 4, 28)`,
  ],
  6: [
    `INSERT INTO deletion_pauses VALUES ('p', 'backup', 29)`,
    `INSERT INTO orphan_sightings VALUES ('${key('9')}', 30)`,
    `INSERT INTO blobs (id, digest, size, storage_key, state, created_at) VALUES (4, '${digest('4')}', 7, '${key('4')}', 'missing', 31)`,
  ],
  8: [
    `UPDATE accounts SET state = 'closed', alias = 'old' WHERE id = '210987654321'`,
    `INSERT INTO users (id, account, name, name_key, path, boundary_arn, created_at)
     VALUES ('AIDA2', '123456789012', 'Dev', 'dev', '/team/', 'arn:aws:iam::123456789012:policy/edge', 32)`,
    `INSERT INTO user_groups VALUES ('AGPA1', '123456789012', 'Devs', 'devs', '/', 33)`,
    `INSERT INTO group_members VALUES ('AGPA1', 'AIDA2')`,
    `INSERT INTO roles VALUES ('AROA1', '123456789012', 'CI', 'ci', '/', NULL, 3600, '{}', '{}', NULL, 34, NULL, NULL)`,
    `INSERT INTO identity_tags VALUES ('AROA1', 'team', 'blue')`,
    `INSERT INTO inline_policies VALUES ('AROA1', 'Push', 'push', '{}')`,
    `INSERT INTO managed_policies VALUES ('ANPA1', '123456789012', 'edge', 'edge', '/', NULL, 1, 2, 35, 35)`,
    `INSERT INTO managed_policy_versions VALUES ('ANPA1', 1, '{}', 35)`,
    `INSERT INTO attached_policies VALUES ('AIDA2', 'arn:aws:iam::123456789012:policy/edge', 35)`,
    `INSERT INTO oidc_providers VALUES ('123456789012', 'issuer.example', '["sts.amazonaws.com"]', '[]', '{}', 36)`,
    `INSERT INTO session_revocations VALUES ('AROA1', 37)`,
    `INSERT INTO guard_rails VALUES ('123456789012', 'scp', 0, 'full', '{}')`,
    `INSERT INTO repository_policies VALUES (1, '{}', '{}', 38)`,
    `INSERT INTO registry_policies VALUES ('123456789012', '{}', '{}', 39)`,
    `INSERT INTO account_settings VALUES ('123456789012', 'BLOB_MOUNTING', 'ENABLED')`,
  ],
  9: [
    `INSERT INTO master_keys VALUES ('0011223344556677', 'primary', x'0102', 40, NULL), ('8899aabbccddeeff', 'previous', x'03', 39, 41)`,
    `INSERT INTO stored_keys VALUES ('audit', x'0405', '0011223344556677', 42)`,
    `INSERT INTO access_keys (id, user_id, secret, sealed_under, status, created_at) VALUES ('AKIA2', 'AIDA2', x'0607', '8899aabbccddeeff', 'Active', 43)`,
  ],
  10: [`INSERT INTO session_policies VALUES ('h', '{}', 40)`],
  11: [`INSERT INTO used_id_tokens VALUES ('123456789012', 'issuer.example', 'jti', 41)`],
  13: [
    `INSERT INTO cve_fact_sources (kind, generation, pending_generation, facts, as_of, imported_at) VALUES ('epss', 2, 3, 1, 44, 45)`,
    `INSERT INTO cve_facts VALUES ('CVE-2021-44228', 'epss', 2, '{}')`,
  ],
  14: [
    `INSERT INTO vex_documents VALUES ('123456789012', '${digest('5')}', 'OpenVEX', 'id', '1', 'issuer', 44, 1, 9, x'28b5', 'arn', 45)`,
    `INSERT INTO suppression_rules VALUES ('123456789012', '${digest('6')}', '[]', 'arn', 46)`,
    `INSERT INTO vex_referrers VALUES (1, '${digest('d')}', 0, '${digest('e')}', NULL, 'untrusted', 'why', NULL, '', '${digest('a')}',
       NULL, NULL, NULL, NULL, NULL, 47)`,
  ],
  15: [
    `INSERT INTO feed_parts VALUES ('osv/npm', 'osv', 'npm', 'etag', 48, 49, 'why', 'fetch', 50, 1, 51, 52)`,
    `INSERT INTO advisory_absences VALUES ('npm', 'k', 53)`,
    `INSERT INTO advisory_source_ecosystems VALUES ('npm', 'npm', 54)`,
  ],
  16: [
    `INSERT INTO holding_owners VALUES (2, 1)`,
    `INSERT INTO holding_postings VALUES (1, 0, x'0100')`,
    `INSERT INTO uncounted_packages VALUES (1, 1)`,
    `INSERT INTO package_set_counts VALUES (1, 1, 0, 0, 0, 0, 0, 1)`,
    `INSERT INTO uncounted_sets VALUES (1)`,
    `INSERT INTO count_changes VALUES (1, x'01')`,
  ],
  17: [
    `INSERT INTO notification_sinks (id, account, name, kind, settings, rule, created_by, created_at, after_event, state, failures,
       delivered, dropped, update_messages, update_held)
     VALUES ('s1', '123456789012', 'ops', 'webhook', '{}', '{}', 'arn', 48, 0, 'active', 0, 0, 0, 0, 0)`,
    `INSERT INTO notification_secrets VALUES ('n1', 's1', 'signing', x'0809', '0011223344556677', 48, NULL)`,
    `INSERT INTO notification_deliveries (sink_id, notice_id, order_key, notice, state, attempts, due_at, since)
     VALUES ('s1', 'm1', 'k', '{}', 'waiting', 0, 49, 49)`,
    `INSERT INTO notification_digests VALUES ('s1', 'm2', 50, '{}')`,
  ],
  18: [
    `INSERT INTO scanning_configurations VALUES ('123456789012', 'ENHANCED', '[]', 'arn', 48)`,
    `INSERT INTO rescan_durations VALUES ('123456789012', 30, 90, 'LAST_PULL_DATE', 49)`,
    `INSERT INTO asked_scans VALUES ('123456789012', 20000, 3)`,
    `INSERT INTO told_rule_ends VALUES ('123456789012', 50, 51, 1, '')`,
    `INSERT INTO job_turns VALUES (20, 7)`,
    `UPDATE image_scans SET left_at = 51, left_revision = 1`,
    `UPDATE jobs SET fair_key = '123456789012', turn = 8`,
  ],
  19: [
    `UPDATE image_scans SET first_completed_at = 27, architecture = 'amd64'`,
    `INSERT INTO finding_filters VALUES ('123456789012', '0011223344556677', 'name', 'SUPPRESS', '{}', NULL, 'why', '{}', 'arn', 60, 61)`,
    `INSERT INTO finding_exports VALUES ('id', '123456789012', 'findings', 'CSV', '{}', '{}', 'SUCCEEDED', NULL, '${key('8')}', 0, 0, NULL,
       'arn', 62, 63)`,
  ],
  20: [
    `INSERT INTO bundle_keys (id, name, fingerprint, public_key, created_at) VALUES (1, 'k', 'f', 'p', 60)`,
    `INSERT INTO bundle_exports VALUES ('b', 1, '[]', 61)`,
    `INSERT INTO bundle_imports (id, bundle_id, revision, made_at, imported_by, imported_at) VALUES (1, 'b', 1, 62, 'arn', 63)`,
    `INSERT INTO bundle_sources VALUES ('npm', 'b', 'import', 64)`,
  ],
  21: [
    `INSERT INTO image_archivals VALUES (1, '${digest('d')}', 'archived', 65, NULL)`,
    `INSERT INTO lifecycle_policies VALUES (1, '{}', 66, 'arn', NULL)`,
    `INSERT INTO lifecycle_previews VALUES (1, '{}', 'complete', 1, 0, 67, 68)`,
    `INSERT INTO lifecycle_preview_images VALUES (1, 0, '${digest('d')}', '[]', 69, 'standard', 'expire', 1)`,
    `INSERT INTO lifecycle_runs (id, repository_id, account, repository, text, asked_by, state, expired, archived, passed_over, bytes, started_at)
     VALUES (1, 1, '123456789012', 'team/app', '{}', 'schedule', 'open', 0, 0, 0, 0, 70)`,
    `INSERT INTO lifecycle_records (id, run_id, account, repository, digest, tags, action, rule, reason, bytes, pushed_at, at, media_type)
     VALUES (1, 1, '123456789012', 'team/app', '${digest('e')}', '["v1"]', 'expire', 1, 'why', 5, 71, 72, 'm')`,
    `INSERT INTO lifecycle_record_tags VALUES (1, '123456789012', 'team/app', 'v1')`,
    `INSERT INTO lifecycle_guards VALUES ('123456789012', '{}', 73, 'arn')`,
  ],
  22: [
    `UPDATE repositories SET tag_mutability = 'IMMUTABLE_WITH_EXCLUSION', tag_exclusions = '["latest"]' WHERE id = 1`,
    `INSERT INTO repository_templates (account, prefix, written, applied_for, tag_mutability, resource_tags, created_at, updated_at, updated_by)
     VALUES ('123456789012', 'prod', 'prod/', '["CREATE_ON_PUSH"]', 'IMMUTABLE', '[]', 74, 75, 'arn')`,
  ],
  23: [
    `INSERT INTO pull_time_exclusions VALUES ('123456789012', 'arn:aws:iam::123456789012:role/scanner', 'arn', 80)`,
    `INSERT INTO signing_configurations VALUES ('123456789012', '[]', 'arn', 81)`,
    `INSERT INTO replication_configurations VALUES ('123456789012', '[]', 'arn', 82)`,
    `INSERT INTO replication_backfills VALUES ('b1', '123456789012', 'eu-west-1', '210987654321', 'FAILED', 'why', 'arn', 83, 84)`,
    `INSERT INTO pull_through_rules VALUES ('123456789012', 'hub', 'hub/', 'docker-hub', 'registry-1.docker.io', 'ROOT', 'arn', NULL, 'arn', 85, 86)`,
  ],
  24: [
    `INSERT INTO trust_policies VALUES ('123456789012', 'release', '{}', 1, 2, 3, 1, 80, 'arn')`,
    `INSERT INTO trust_policy_versions VALUES ('123456789012', 'release', 1, NULL, 79, 'arn')`,
    `INSERT INTO trust_material VALUES ('123456789012', 'key', 'ci', 1, '{}', 81, 'arn')`,
    `INSERT INTO trust_material_versions VALUES ('123456789012', 'key', 'ci', 1, '{}', 81, 'arn')`,
    `INSERT INTO trust_policy_material VALUES ('123456789012', 'key', 'ci', 'release')`,
    `INSERT INTO evidence_subjects VALUES (1, '${digest('d')}', 1)`,
    `INSERT INTO signatures (id, repository_id, subject_digest, candidate_key, manifest_digest, layer_digest, format, via_tag, size, pushed_by,
       seen_at) VALUES (1, 1, '${digest('d')}', 'k', '${digest('e')}', '${digest('a')}', 'cosign-bundle', '', 5, 'arn', 82)`,
    `INSERT INTO signature_results (signature_id, policy, entry_id, policy_revision, result, checks, engine_revision, computed_at)
     VALUES (1, 'release', 'ci', 3, 'verified', '[]', 'e', 83)`,
    `INSERT INTO evidence (repository_id, subject_digest, policy, policy_revision, threshold, result, count_by_result, identities,
       engine_revision, computed_at) VALUES (1, '${digest('d')}', 'release', 3, 1, 'verified', '{"verified":1}', '["ci"]', 'e', 83)`,
    `INSERT INTO evidence_supports VALUES (1, '${digest('d')}', 'release', 'ci', 'k', '${digest('e')}', '', NULL)`,
    `INSERT INTO revocation_answers VALUES ('crl http://crl.example/1', x'30', 83)`,
    `INSERT INTO evidence_history (account, repository, subject_digest, policy, policy_revision, result, identities, at)
     VALUES ('123456789012', 'team/app', '${digest('d')}', 'release', 3, 'verified', '["ci"]', 83)`,
    `INSERT INTO attestation_results VALUES (1, '${digest('d')}', 'release', 'prov', 'k', 3, '${digest('e')}', '', 'https://slsa.dev/provenance/v1', 'd', '{}',
       'verified', NULL, 'ci', NULL, 83)`,
  ],
  25: [
    `INSERT INTO holding_counts VALUES (1, x'01', x'01')`,
    `INSERT INTO set_count_blocks VALUES (0, x'01')`,
  ],
  26: [
    `INSERT INTO signing_keys VALUES ('k1', 'profile', NULL, NULL, 'EC-384', x'01', '[]', x'0203', '0011223344556677', 'arn', 90, 91)`,
    `INSERT INTO signing_profiles VALUES ('123456789012', 'release', 'portable', 'Active', 'AAAAAAAAAA', '{}', 'r1', 92)`,
    `INSERT INTO signing_profile_versions VALUES ('123456789012', 'release', 'AAAAAAAAAA', 'k1', 12, 'MONTHS', 'arn', 93, NULL, NULL, NULL, NULL)`,
    `INSERT INTO signing_profile_permissions VALUES ('123456789012', 'release', 's1', 'signer:SignPayload', '210987654321', NULL, '{}')`,
    `INSERT INTO signing_jobs VALUES ('j1', '123456789012', 'release', 'AAAAAAAAAA', '123456789012', 'arn', 'sha256:x', 94, 95, NULL, NULL, NULL)`,
    `INSERT INTO image_signings (repository_id, digest, profile_arn, state, caller, asked_at)
     SELECT repository_id, digest, 'arn', 'IN_PROGRESS', '{}', 96 FROM manifests LIMIT 1`,
  ],
  27: [
    `INSERT INTO admission_policies VALUES ('123456789012', 'base', '{}', 2, 90, 'arn')`,
    `INSERT INTO admission_policy_versions VALUES ('123456789012', 'base', 1, NULL, 89, 'arn')`,
    `INSERT INTO admission_clusters VALUES ('c1', '123456789012', 'prod', 'h', '{}', 'arn', 91, NULL)`,
    `INSERT INTO admission_pull_gates VALUES ('123456789012', '', 'on', 92, 'arn')`,
    `INSERT INTO admission_authorities VALUES (1, 'pem', 93, 94)`,
  ],
  29: [
    `INSERT INTO public_roots VALUES ('123456789012', 'public', 'arn')`,
    `INSERT INTO public_root_state VALUES (1, 95, 96, NULL, x'01', x'02', NULL, x'03', x'04')`,
  ],
  30: [
    `INSERT INTO signing_key_revocations VALUES ('k1', 97, 98, 'arn', 'stolen')`,
    `INSERT INTO signing_crls VALUES ('k1', 1, x'04', 99)`,
    `INSERT INTO signing_index_only VALUES ('123456789012', 'arn', 'arn', 100)`,
    `INSERT INTO audit_outbox (account, detail, at) VALUES ('123456789012', '{}', 101)`,
  ],
  31: [
    `INSERT INTO posture_rules VALUES ('123456789012', 'version: 1', 95, 'arn')`,
    `INSERT INTO posture_results VALUES ('123456789012', 96, 5, 1, '{}', '[]', '{}')`,
    `INSERT INTO posture_history VALUES ('123456789012', 96, 80, 20, 5, 3, 0, '["REG-003"]')`,
  ],
  32: [
    `INSERT INTO cluster_images VALUES ('123456789012', 'prod', 'web', 'Deployment', 'app', 'team/app', '${digest('d')}', 1, 0, 'admission', 'allow', '["base@1"]',
       '[]', 95, 96, 95, 96, 'admission', NULL, 2, 'allow')`,
    `INSERT INTO admission_denials VALUES (1, '123456789012', 'prod', 'admission', 'web', 'Pod', 'app', 'team/app:1', 'team/app', '', '[]', '[]', 1, 97)`,
    `INSERT INTO cluster_reports VALUES ('123456789012', 'prod', 98, 'arn', 1, 2, 3, 4)`,
  ],
  33: [`INSERT INTO unused_holdings VALUES (1, 95)`, `INSERT INTO unused_packages VALUES (1, 96)`],
}

/** Up to 15 sets had members as rows. */
const setsWithMembers = [
  `INSERT INTO package_sets (id, hash) VALUES (1, 'h')`,
  `INSERT INTO package_set_members VALUES (1, 1)`,
]

const newSets = [
  `INSERT INTO package_sets (id, hash, members, state) VALUES (1, 'h', x'01', 'posted')`,
]

/** Up to 24 a holding had its counts in its row. */
const holdingWithCounts = `INSERT INTO holdings (id, package_id, owners, counts, applied) VALUES (1, 1, '', x'01', x'01')`
const newHolding = `INSERT INTO holdings (id, package_id, owners) VALUES (1, 1, '')`

/** Up to 7 a flag said who is an administrator; an attached policy says it since. */
const administratorByFlag = `INSERT INTO users (id, account, name, is_administrator, created_at)
  VALUES ('AIDA1', '123456789012', 'admin', 1, 3)`
const administratorByName = `INSERT INTO users (id, account, name, name_key, created_at)
  VALUES ('AIDA1', '123456789012', 'admin', 'admin', 3)`

/** Fills a database of that schema version. */
export async function insertRowsOf(tx: SqlWriter, version: number): Promise<void> {
  const isOld = version < 8
  for (const statement of rows[0] ?? []) await tx.run(statement)
  await tx.run(isOld ? administratorByFlag : administratorByName)
  for (let part = 1; part <= version; part += 1) {
    if (part === 3)
      for (const statement of version < 16 ? setsWithMembers : newSets) await tx.run(statement)
    if (part === 16) await tx.run(version < 25 ? holdingWithCounts : newHolding)
    for (const statement of rows[part] ?? []) await tx.run(statement)
  }
}
