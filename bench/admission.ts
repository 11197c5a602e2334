// Decisions about images of 100,000, at a hundred a second: time from the moment at which one was due, so that a queue counts.
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { judgeImages, type JudgeDeps } from '../src/admission/judge-images.ts'
import { PoliciesInForce } from '../src/admission/policies-in-force.ts'
import { openCreatedTimes } from '../src/admission/read-created.ts'
import { trustReader } from '../src/admission-trust.ts'
import { systemClock } from '../src/lib/clock.ts'
import { digestOf, type Digest } from '../src/oci/digest.ts'
import { parseRepositoryName } from '../src/oci/repository-name.ts'
import { parseAccountId } from '../src/policy/account-id.ts'
import { openSuppressions } from '../src/scanning/suppressions.ts'
import type { EmbeddedDatabase, SqlWriter } from '../src/storage/database/database.ts'
import { migrate } from '../src/storage/database/migrate.ts'
import { openSqlite, sqliteDialect } from '../src/storage/database/sqlite.ts'

const imageCount = 100_000
const perSecond = 100
const seconds = 30
const account = parseAccountId('123456789012')
const repository = parseRepositoryName('bench/app')

export async function benchAdmission(print: (line: string) => void): Promise<void> {
  const directory = await mkdtemp(join(tmpdir(), 'pratique-bench-'))
  const database = openSqlite(join(directory, 'pratique.db'))
  try {
    await migrate(database, sqliteDialect)
    const digests = await fill(database)
    print(
      `admission, ${imageCount} images, ${perSecond} a second: ${await measure(database, digests)}`,
    )
  } finally {
    await database.close()
    await rm(directory, { recursive: true, force: true })
  }
}

async function measure(database: EmbeddedDatabase, digests: readonly Digest[]): Promise<string> {
  if (account === undefined || repository === undefined) throw new Error('unreachable')
  const deps = depsOf(database)
  const times: number[] = []
  const begun = performance.now()
  for (let index = 0; index < perSecond * seconds; index += 1) {
    const due = begun + (index * 1000) / perSecond
    await delay(Math.max(0, due - performance.now()))
    const digest = digests[(index * 7919) % digests.length]
    if (digest === undefined) throw new Error('unreachable')
    const [judgement] = await judgeImages(deps, {
      account,
      images: [{ kind: 'own', repository, reference: { kind: 'digest', digest } }],
      context: { door: 'admission', withoutPolicy: 'deny' },
    })
    if (judgement?.decision.decision !== 'allow')
      throw new Error(`it was denied: ${JSON.stringify(judgement?.decision.reasons)}`)
    times.push(performance.now() - due)
  }
  const sorted = times.toSorted((a, b) => a - b)
  const at = (share: number): string =>
    (sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? 0).toFixed(2)
  return `median ${at(0.5)} ms, p99 ${at(0.99)} ms, most ${at(1)} ms`
}

function depsOf(database: EmbeddedDatabase): JudgeDeps {
  const clock = systemClock
  return {
    reader: database,
    clock,
    suppressions: openSuppressions({ reader: database, clock, keys: [], hosts: () => [] }),
    contentOf: () => ({
      findManifest: async (digest) => {
        const row = await database.first(
          'SELECT media_type, bytes FROM manifests WHERE repository_id = 1 AND digest = $1',
          [digest],
        )
        const bytes = row?.['bytes']
        return bytes instanceof Uint8Array ? { mediaType, bytes } : undefined
      },
      openBlob: () => Promise.resolve(undefined),
    }),
    created: openCreatedTimes(),
    trust: trustReader({ reader: database, place: { region: 'us-east-1', hostsOf: () => [] } }),
    policies: new PoliciesInForce(database),
    deadlineMs: 800,
    onFault: (error) => {
      throw error
    },
  }
}

const mediaType = 'application/vnd.oci.image.manifest.v1+json'
const policy = JSON.stringify({
  version: 1,
  name: 'base',
  rules: [{ id: 'severe', fail: { severity: 'high' } }],
  require: { signature: { trust: 'release' } },
})

/** Scanned, without severe findings, and signed by whom the policy wants. */
async function fill(database: EmbeddedDatabase): Promise<readonly Digest[]> {
  const digests: Digest[] = []
  await database.transaction(async (tx) => {
    await tx.run(`INSERT INTO accounts (id, created_at) VALUES ('123456789012', 1)`)
    await tx.run(
      `INSERT INTO repositories (id, account, name, tag_mutability, scan_on_push, created_at)
       VALUES (1, '123456789012', 'bench/app', 'IMMUTABLE', 0, 1)`,
    )
    await tx.run(
      `INSERT INTO trust_policies VALUES ('123456789012', 'release', '{}', 1, 1, 1, 1, 1, 'arn')`,
    )
    await tx.run(
      `INSERT INTO admission_policies VALUES ('123456789012', 'base', $1, 1, 1, 'arn')`,
      [policy],
    )
    for (let index = 0; index < imageCount; index += 1) digests.push(await addImage(tx, index))
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
     VALUES (1, $1, 'COMPLETE', '[]', '[]', $2, 1, 'r', 1, 2)`,
    [digest, index + 1],
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
