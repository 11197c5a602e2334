// Images as scans and verifications leave them, written past the server: scanned, without severe findings, and signed by whom a policy wants.
import { digestOf, type Digest } from '../src/oci/digest.ts'
import { extractorRevision } from '../src/scanning/examine-image.ts'
import type { EmbeddedDatabase, SqlWriter } from '../src/storage/database/database.ts'

export const mediaType = 'application/vnd.oci.image.manifest.v1+json'
const policy = JSON.stringify({
  version: 1,
  name: 'base',
  rules: [{ id: 'severe', fail: { severity: 'high' } }],
  require: { signature: { trust: 'release' } },
})

const trust = JSON.stringify({
  version: 1,
  name: 'release',
  repositories: ['*'],
  accept: [{ id: 'k', cosignKey: { key: 'ci' } }],
})

/** Of the repository bench/app, which must not be there yet. */
export async function fillImages(
  database: EmbeddedDatabase,
  count: number,
): Promise<readonly Digest[]> {
  const digests: Digest[] = []
  await database.transaction(async (tx) => {
    await tx.run(
      `INSERT INTO accounts (id, created_at) VALUES ('123456789012', 1) ON CONFLICT (id) DO NOTHING`,
    )
    await tx.run(
      `INSERT INTO repositories (id, account, name, tag_mutability, scan_on_push, created_at)
       VALUES (1, '123456789012', 'bench/app', 'IMMUTABLE', 0, 1)`,
    )
    await tx.run(
      `INSERT INTO trust_policies VALUES ('123456789012', 'release', $1, 1, 1, 1, 1, 1, 'arn')`,
      [trust],
    )
    await tx.run(
      `INSERT INTO admission_policies VALUES ('123456789012', 'base', $1, 1, 1, 'arn')`,
      [policy],
    )
    for (let index = 0; index < count; index += 1) digests.push(await addImage(tx, index))
  })
  return digests
}

async function addImage(tx: SqlWriter, index: number): Promise<Digest> {
  const config = {
    mediaType: 'application/vnd.oci.image.config.v1+json',
    digest: digestOf(Buffer.from(String(index))),
    size: 2,
  }
  const bytes = Buffer.from(JSON.stringify({ schemaVersion: 2, mediaType, config, layers: [] }))
  const digest = digestOf(bytes)
  await tx.run(
    `INSERT INTO manifests (repository_id, digest, media_type, image_size, pushed_at, pushed_by, size, bytes)
     VALUES (1, $1, $2, 2, 1, 'arn', $3, $4)`,
    [digest, mediaType, bytes.length, bytes],
  )
  await tx.run(
    `INSERT INTO package_sets (id, hash, members, state) VALUES ($1, $2, x'01', 'posted')`,
    [index + 1, digest],
  )
  await tx.run('INSERT INTO package_set_counts VALUES ($1, 0, 0, 3, 5, 0, 0, 2)', [index + 1])
  await tx.run(
    `INSERT INTO image_scans (repository_id, digest, status, notes, data_needed, package_set_id, data_revision,
       extractor_revision, requested_at, completed_at)
     VALUES (1, $1, 'COMPLETE', '[]', '[]', $2, 1, $3, 1, 2)`,
    [digest, index + 1, extractorRevision],
  )
  await tx.run(
    `INSERT INTO evidence VALUES (1, $1, 'release', 1, 1, 'verified', NULL, '{"verified":1}', '["CN=ci"]', NULL, 'e', 1)`,
    [digest],
  )
  await addSupport(tx, digest)
  return digest
}

async function addSupport(tx: SqlWriter, digest: Digest): Promise<void> {
  await tx.run(
    `INSERT INTO evidence_supports (repository_id, subject_digest, policy, identity, candidate_key, manifest_digest, via_tag)
     VALUES (1, $1, 'release', 'CN=ci', $1, $1, '')`,
    [digest],
  )
}
