// Each kind of damage is made by hand, found, repaired where that can be, and gone at the second look.
import assert from 'node:assert/strict'
import { appendFile, rm, utimes, writeFile } from 'node:fs/promises'
import { DatabaseSync } from 'node:sqlite'
import { test, type TestContext } from 'node:test'
import { fileOf, testRegistry, type TestRegistry } from '../../test/kit/registry.ts'
import { begin, contentOf, pieces, push, refusal } from '../../test/kit/uploads.ts'
import { digestOf, type Digest } from '../oci/digest.ts'
import { mediaTypes } from '../oci/media-type.ts'
import { parseRepositoryName } from '../oci/repository-name.ts'
import { parseTag } from '../oci/tag.ts'
import { newStorageKey, type StorageKey } from '../storage/blobs/blob-store.ts'
import { text } from '../storage/database/database.ts'
import { appendUpload } from './append-upload.ts'
import { checkingStorage, type CheckSummary } from './check-storage.ts'
import type { CheckInput } from './check-step.ts'
import { collectStorage } from './collect-storage.ts'
import { createRepository } from './create-repository.ts'
import { findLiveBlob } from './linked-blob-store.ts'
import { mountBlob } from './mount-blob.ts'
import { getBlob } from './open-blob.ts'
import { putManifest } from './put-manifest.ts'
import { putQuota } from './put-quota.ts'
import { getRepository } from './repository-store.ts'
import type { StorageProblem } from './rules/storage-problems.ts'

const hours = 3_600_000

interface Outcome {
  readonly problems: readonly StorageProblem[]
  readonly kinds: readonly string[]
  readonly summary: CheckSummary
}

async function check(registry: TestRegistry, input: Partial<CheckInput> = {}): Promise<Outcome> {
  const { signal } = new AbortController()
  const problems: StorageProblem[] = []
  let summary: CheckSummary | undefined
  const whole = { repair: false, hashes: false, ...input }
  for await (const event of checkingStorage(registry, whole, { signal })) {
    if (event.kind === 'problem') problems.push(event.problem)
    if (event.kind === 'summary') summary = event
  }
  assert.ok(summary !== undefined)
  assert.equal(summary.problems, problems.length)
  return { problems, kinds: problems.map(({ kind }) => kind), summary }
}

/** Found; found and repaired; and then `left` is what a third look finds. */
async function expectMended(
  registry: TestRegistry,
  kind: string,
  left: readonly string[] = [],
  input: Partial<CheckInput> = {},
): Promise<void> {
  const found = await check(registry, input)
  assert.deepEqual(found.kinds, [kind])
  assert.equal(found.problems[0]?.repair, 'possible')
  assert.deepEqual((await check(registry, input)).kinds, [kind], 'looking changes nothing')
  const repaired = await check(registry, { ...input, repair: true })
  assert.equal(repaired.kinds[0], kind)
  assert.equal(repaired.problems[0]?.repair, 'done')
  assert.equal(repaired.summary.left, left.length)
  assert.deepEqual((await check(registry, input)).kinds, left)
}

/** Statements past the rules of the database, as a fault would make them. */
async function damage(
  registry: TestRegistry,
  sql: string,
  ...values: readonly (string | number)[]
) {
  const row = await registry.database.first(
    `SELECT file FROM pragma_database_list WHERE name = 'main'`,
  )
  const raw = new DatabaseSync(text(row ?? {}, 'file'), { enableForeignKeyConstraints: false })
  const { changes } = raw.prepare(sql).run(...values)
  raw.close()
  assert.ok(Number(changes) > 0, 'the damage was made')
  await new Promise((resolve) => setImmediate(resolve))
}

interface Image {
  readonly manifest: Digest
  readonly blob: Digest
  readonly key: StorageKey
  readonly bytes: Buffer
}

async function image(registry: TestRegistry, content = '{"a":1}'): Promise<Image> {
  const { repository } = registry
  const blob = await push(registry, Buffer.from(content))
  const config = { mediaType: mediaTypes.ociConfig, digest: blob, size: content.length }
  const foreign = {
    mediaType: 'application/vnd.oci.image.layer.nondistributable.v1.tar+gzip',
    digest: digestOf(Buffer.from('elsewhere')),
    size: 9,
  }
  const document = {
    schemaVersion: 2,
    mediaType: mediaTypes.ociManifest,
    config,
    layers: [foreign],
  }
  const bytes = Buffer.from(JSON.stringify(document))
  const tag = parseTag('v1')
  assert.ok(tag !== undefined)
  const { digest } = await putManifest(registry, {
    repository,
    bytes,
    mediaType: undefined,
    digest: undefined,
    tags: content === '{"a":1}' ? [tag] : [],
    principal: 'arn:aws:iam::123456789012:user/admin',
    ifPresent: 'accept',
  })
  const row = await findLiveBlob(registry.database, blob)
  assert.ok(row !== undefined)
  return { manifest: digest, blob, key: row.storageKey, bytes }
}

async function put(registry: TestRegistry, { bytes }: Image): Promise<void> {
  await putManifest(registry, {
    repository: registry.repository,
    bytes,
    mediaType: undefined,
    digest: undefined,
    tags: [],
    principal: 'arn:aws:iam::123456789012:user/admin',
    ifPresent: 'accept',
  })
}

async function registryWithImage(
  t: TestContext,
): Promise<{ readonly registry: TestRegistry; readonly made: Image }> {
  const registry = await testRegistry(t)
  return { registry, made: await image(registry) }
}

test('a sound registry has no problem: images, foreign layers, open uploads and young bytes are none', async (t) => {
  const { registry } = await registryWithImage(t)
  const upload = await begin(registry)
  const body = { source: pieces(Buffer.from('half')), keepPartial: true }
  await appendUpload(registry, { ...upload, body })
  const key = newStorageKey(registry.ids)
  await registry.blobs.write(key, 0, pieces(Buffer.from('of a push without a row yet')))
  await utimes(fileOf(registry, key), registry.clock.now(), registry.clock.now())
  const { problems, summary } = await check(registry, { hashes: true, repair: true })
  assert.deepEqual(problems, [])
  assert.deepEqual(summary, {
    kind: 'summary',
    isComplete: true,
    counts: {
      blobs: 1,
      hashedBytes: 7,
      storedKeys: 3,
      youngKeys: 1,
      manifests: 1,
      tags: 1,
      links: 1,
      uploads: 1,
    },
    problems: 0,
    left: 0,
  })
})

test('lost bytes: the blob is hidden after a repair, and a push of the digest brings it back to every repository', async (t) => {
  const { registry, made } = await registryWithImage(t)
  const { repository, database } = registry
  const name = parseRepositoryName('team/other')
  assert.ok(name !== undefined)
  const other = { account: repository.account, name }
  const isAccount = async (): Promise<boolean> => Promise.resolve(false)
  const setting = { tagMutability: 'MUTABLE', scanOnPush: false, tags: [] } as const
  await createRepository({ ...registry, isAccount }, { repository: other, ...setting })
  await mountBlob(registry, { repository: other, from: repository, digest: made.blob })
  await rm(fileOf(registry, made.key))
  const { problems } = await check(registry)
  assert.match(problems[0]?.detail ?? '', /7 bytes under [0-9a-f]{32}; in team\/app, team\/other/)
  await expectMended(registry, 'blob-lost', ['manifest-incomplete'])
  await assert.rejects(
    getBlob(database, { repository, digest: made.blob }),
    refusal('BLOB_UNKNOWN'),
  )
  assert.equal((await check(registry, { repair: true })).problems[0]?.repair, 'by-hand')
  await push(registry, Buffer.from('{"a":1}'))
  assert.deepEqual((await check(registry, { hashes: true })).kinds, [])
  assert.equal((await contentOf(registry, made.blob)).toString(), '{"a":1}')
  await getBlob(database, { repository: other, digest: made.blob })
})

test('bytes of another length, and bytes of another digest', async (t) => {
  const { registry, made } = await registryWithImage(t)
  await appendFile(fileOf(registry, made.key), 'x')
  await expectMended(registry, 'blob-length', ['manifest-incomplete'])
  await push(registry, Buffer.from('{"a":1}'))
  const healed = await findLiveBlob(registry.database, made.blob)
  assert.ok(healed !== undefined)
  assert.notEqual(healed.storageKey, made.key)
  await writeFile(fileOf(registry, healed.storageKey), '{"b":1}')
  assert.deepEqual((await check(registry)).kinds, [], 'hashes are read on demand')
  await expectMended(registry, 'blob-damaged', ['manifest-incomplete'], { hashes: true })
  await push(registry, Buffer.from('{"a":1}'))
  assert.deepEqual((await check(registry, { hashes: true })).kinds, [])
})

test('bytes that were lost and are there again make the blob live; wrong ones do not', async (t) => {
  const { registry, made } = await registryWithImage(t)
  await rm(fileOf(registry, made.key))
  await check(registry, { repair: true })
  await writeFile(fileOf(registry, made.key), '{"x":9}')
  assert.deepEqual((await check(registry, { repair: true })).kinds, ['manifest-incomplete'])
  await writeFile(fileOf(registry, made.key), '{"a":1}')
  const { kinds } = await check(registry, { repair: true })
  assert.deepEqual(kinds, ['blob-returned'])
  assert.deepEqual((await check(registry)).kinds, [])
  assert.equal((await contentOf(registry, made.blob)).toString(), '{"a":1}')
})

test('a full quota does not refuse the push that brings a lost blob back', async (t) => {
  const { registry, made } = await registryWithImage(t)
  const { repository } = registry
  const change = { maxBytes: 1, maxImages: undefined }
  await putQuota(registry, { account: repository.account, repository: repository.name, change })
  await rm(fileOf(registry, made.key))
  await check(registry, { repair: true })
  await push(registry, Buffer.from('{"a":1}'))
  assert.deepEqual((await check(registry, { hashes: true })).kinds, [])
  await assert.rejects(push(registry, Buffer.from('{"new":1}')), refusal('QUOTA_EXCEEDED'))
})

test('a missing blob that no manifest needs is collected', async (t) => {
  const registry = await testRegistry(t)
  const digest = await push(registry, Buffer.from('{"a":1}'))
  const row = await findLiveBlob(registry.database, digest)
  await rm(fileOf(registry, row?.storageKey ?? ''))
  await check(registry, { repair: true })
  const { signal } = new AbortController()
  for (let turn = 0; turn < 2; turn += 1) {
    registry.clock.advance(25 * hours)
    await collectStorage(registry, { askedBy: 'request' }, { signal })
  }
  assert.equal((await check(registry)).summary.counts.blobs, 0)
})

test('bytes that cannot be read are told, and never repaired', async (t) => {
  const { registry } = await registryWithImage(t)
  const blobs = {
    ...registry.blobs,
    size: async (): Promise<number> =>
      Promise.reject(Object.assign(new Error('broken'), { code: 'EIO' })),
  }
  const { problems } = await check({ ...registry, blobs }, { repair: true })
  assert.deepEqual(
    problems.map(({ kind, repair, detail }) => [kind, repair, detail]),
    [['blob-unreadable', 'by-hand', 'EIO; in team/app']],
  )
  assert.deepEqual((await check(registry)).kinds, [])
})

test('old bytes without a row are queued, and the collector removes them', async (t) => {
  const { registry } = await registryWithImage(t)
  const key = newStorageKey(registry.ids)
  await registry.blobs.write(key, 0, pieces(Buffer.from('nobody')))
  const written = new Date(registry.clock.now().getTime() - 72 * hours)
  await utimes(fileOf(registry, key), written, written)
  const { problems } = await check(registry)
  assert.equal(problems[0]?.subject, key)
  assert.equal(problems[0].detail, '6 bytes, 3 days old')
  await expectMended(registry, 'bytes-without-row')
  const { signal } = new AbortController()
  await collectStorage(registry, { askedBy: 'request' }, { signal })
  assert.equal(await registry.blobs.size(key), undefined)
})

test('a manifest whose bytes are damaged is told; a push of the right ones heals it', async (t) => {
  const { registry, made } = await registryWithImage(t)
  await damage(registry, `UPDATE manifests SET bytes = CAST('{"evil":true}' AS BLOB)`)
  const { problems } = await check(registry, { repair: true })
  assert.deepEqual(
    problems.map(({ kind, repair, subject }) => [kind, repair, subject]),
    [['manifest-damaged', 'by-hand', `team/app@${made.manifest}`]],
  )
  await put(registry, made)
  assert.deepEqual((await check(registry)).kinds, [])
})

test('a manifest that this program cannot read is told', async (t) => {
  const { registry } = await registryWithImage(t)
  const bytes = Buffer.from('{"schemaVersion":1}')
  await damage(
    registry,
    `INSERT INTO manifests (repository_id, digest, media_type, image_size, pushed_at, pushed_by, size, bytes)
     VALUES (1, ?, '${mediaTypes.ociManifest}', 0, 0, 'x', ${bytes.byteLength}, CAST('{"schemaVersion":1}' AS BLOB))`,
    digestOf(bytes),
  )
  const { problems } = await check(registry, { repair: true })
  const unreadable = problems.find(({ kind }) => kind === 'manifest-unreadable')
  assert.equal(unreadable?.repair, 'by-hand')
})

for (const [what, sql] of [
  ['a reference that is gone', 'DELETE FROM manifest_blobs WHERE position = 1'],
  ['a reference to another blob', `UPDATE manifest_blobs SET blob_digest = 'sha256:x'`],
  ['a subject that is not there', `UPDATE manifests SET subject_digest = 'sha256:x'`],
  ['another size of the image', 'UPDATE manifests SET image_size = 1'],
  ['an artifact type', `UPDATE manifests SET artifact_type = 'x'`],
] as const) {
  test(`rows beside a manifest are written anew from its bytes: ${what}`, async (t) => {
    const { registry } = await registryWithImage(t)
    await damage(registry, sql)
    await expectMended(registry, 'references-wrong')
  })
}

test('rows of a manifest that is not there', async (t) => {
  const { registry } = await registryWithImage(t)
  await damage(registry, `INSERT INTO manifest_children VALUES (1, 'sha256:none', 0, 'sha256:x')`)
  await expectMended(registry, 'references-dangling')
})

test('a reference of any other table is told', async (t) => {
  const { registry } = await registryWithImage(t)
  await damage(registry, `INSERT INTO repository_tags VALUES (99, 'a', 'b')`)
  const { problems } = await check(registry, { repair: true })
  const [found] = problems
  assert.deepEqual([found?.kind, found?.repair], ['reference-broken', 'by-hand'])
  assert.match(found?.detail ?? '', /1 rows whose row of repositories is not there/)
})

test('an index whose child is gone is told', async (t) => {
  const { registry, made } = await registryWithImage(t)
  const child = {
    mediaType: mediaTypes.ociManifest,
    digest: made.manifest,
    size: made.bytes.length,
  }
  const document = { schemaVersion: 2, mediaType: mediaTypes.ociIndex, manifests: [child] }
  await put(registry, { ...made, bytes: Buffer.from(JSON.stringify(document)) })
  assert.deepEqual((await check(registry)).kinds, [])
  await registry.database.transaction((tx) =>
    tx.run('DELETE FROM manifests WHERE digest = $1', [made.manifest]),
  )
  const { problems } = await check(registry)
  const incomplete = problems.find(({ kind }) => kind === 'manifest-incomplete')
  assert.equal(incomplete?.repair, 'by-hand')
  assert.match(incomplete.detail, new RegExp(made.manifest))
})

test('a tag without a manifest is told, and stays', async (t) => {
  const { registry } = await registryWithImage(t)
  await damage(registry, `INSERT INTO tags VALUES (1, 'lost', 'sha256:none', 0)`)
  const { problems } = await check(registry, { repair: true })
  assert.deepEqual(
    problems.map(({ kind, subject, repair }) => [kind, subject, repair]),
    [['tag-dangling', 'team/app:lost', 'by-hand']],
  )
  assert.deepEqual((await check(registry)).kinds, ['tag-dangling'])
})

test('a link to a blob that is not there, or on its way out, is removed and usage counted anew', async (t) => {
  const { registry, made } = await registryWithImage(t)
  await damage(registry, 'INSERT INTO blob_links VALUES (1, 999, 0)')
  await expectMended(registry, 'link-dangling')
  await damage(registry, `UPDATE blobs SET state = 'deleting', deleting_at = 0`)
  const repaired = await check(registry, { repair: true })
  assert.deepEqual(repaired.kinds, ['link-dangling', 'manifest-incomplete'])
  assert.deepEqual((await check(registry)).kinds, ['manifest-incomplete'])
  const pushed = await push(registry, Buffer.from('{"a":1}'))
  assert.equal(pushed, made.blob)
  assert.deepEqual((await check(registry, { hashes: true })).kinds, [])
})

test('bytes that are needed and queued for removal are taken out of the queue', async (t) => {
  const { registry, made } = await registryWithImage(t)
  await damage(registry, 'INSERT INTO storage_deletions VALUES (?, 0)', made.key)
  await expectMended(registry, 'deletion-of-needed-bytes')
  await collectStorage(registry, { askedBy: 'request' }, new AbortController())
  assert.equal((await contentOf(registry, made.blob)).toString(), '{"a":1}')
})

test('an open upload that lost acknowledged bytes is ended', async (t) => {
  const { registry } = await registryWithImage(t)
  const upload = await begin(registry)
  const body = { source: pieces(Buffer.from('acknowledged')), keepPartial: true }
  await appendUpload(registry, { ...upload, body })
  const row = await registry.database.first(`SELECT storage_key FROM uploads WHERE state = 'open'`)
  await writeFile(fileOf(registry, text(row ?? {}, 'storage_key')), 'ack')
  await expectMended(registry, 'upload-bytes-lost')
  await assert.rejects(appendUpload(registry, { ...upload, body }), refusal('UPLOAD_UNKNOWN'))
})

test('usage of an account and of a repository is counted anew', async (t) => {
  const { registry } = await registryWithImage(t)
  await damage(registry, 'UPDATE accounts SET used_bytes = 5')
  await expectMended(registry, 'usage-wrong')
  await damage(registry, 'UPDATE repositories SET used_images = 7')
  await expectMended(registry, 'usage-wrong')
})

test('a damaged database is told, and nothing else is looked at or changed', async (t) => {
  const { registry, made } = await registryWithImage(t)
  await rm(fileOf(registry, made.key))
  const database = {
    ...registry.database,
    findFaults: async () =>
      Promise.resolve([{ kind: 'damage', detail: 'row 7 missing from index x' } as const]),
  }
  const { kinds, summary } = await check({ ...registry, database }, { repair: true })
  assert.deepEqual(kinds, ['database-damaged'])
  assert.equal(summary.isComplete, false)
  assert.ok((await findLiveBlob(registry.database, made.blob)) !== undefined)
})

test('what comes and goes while a check looks is no problem', async (t) => {
  const { registry, made } = await registryWithImage(t)
  const { database, repository } = registry
  let looks = 0
  const blobs = {
    ...registry.blobs,
    async size(key: StorageKey) {
      looks += 1
      // Between the row and its bytes the blob is collected.
      if (looks === 1) {
        await database.transaction(async (tx) => {
          const { id } = await getRepository(tx, repository)
          await tx.run('DELETE FROM manifests WHERE repository_id = $1', [id])
          await tx.run('DELETE FROM blob_links')
          await tx.run('DELETE FROM blobs')
          await tx.run('UPDATE repositories SET used_bytes = 0, used_images = 0')
          await tx.run('UPDATE accounts SET used_bytes = 0, used_images = 0')
        })
        await registry.blobs.delete(made.key)
      }
      return registry.blobs.size(key)
    },
  }
  assert.deepEqual((await check({ ...registry, blobs }, { repair: true })).kinds, [])
  assert.ok(looks > 0)
})

test('a check ends when nobody waits for it any more', async (t) => {
  const { registry } = await registryWithImage(t)
  const controller = new AbortController()
  const events = checkingStorage(registry, { repair: false, hashes: true }, controller)
  await events.next()
  controller.abort(new Error('the client has gone'))
  await assert.rejects(async () => {
    for await (const event of events) assert.notEqual(event.kind, 'summary')
  }, /the client has gone/)
})
