import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { testRegistry, type TestRegistry } from '../../test/kit/registry.ts'
import { digestOf, type Digest } from '../oci/digest.ts'
import { mediaTypes } from '../oci/media-type.ts'
import { parseRepositoryName } from '../oci/repository-name.ts'
import { integer } from '../storage/database/database.ts'
import { appendUpload } from './append-upload.ts'
import { createRepository } from './create-repository.ts'
import { deleteBlob } from './delete-blob.ts'
import { deleteManifest } from './delete-manifest.ts'
import { deleteRepository } from './delete-repository.ts'
import { describeUsage } from './describe-usage.ts'
import { isRegistryError } from './errors.ts'
import { finishUpload } from './finish-upload.ts'
import { mountBlob } from './mount-blob.ts'
import { putManifest } from './put-manifest.ts'
import { putQuota } from './put-quota.ts'
import type { Body } from './receive-bytes.ts'
import type { RepositoryAddress } from './repository-store.ts'
import { startUpload } from './start-upload.ts'

const principal = 'arn:aws:iam::123456789012:user/admin'
const principalId = 'AIDATEST'
const exceeded = (error: unknown): boolean =>
  isRegistryError(error) && error.code === 'QUOTA_EXCEEDED'

async function* once(bytes: Uint8Array): AsyncGenerator<Uint8Array> {
  yield await Promise.resolve(bytes)
}

async function* never(): AsyncGenerator<Uint8Array> {
  yield await Promise.reject(new Error('the body was read'))
}

async function addRepository(registry: TestRegistry, text: string): Promise<RepositoryAddress> {
  const name = parseRepositoryName(text)
  assert.ok(name !== undefined)
  const repository = { account: registry.repository.account, name }
  await createRepository(
    { ...registry, isAccount: async () => Promise.resolve(false) },
    { repository, tagMutability: 'MUTABLE', scanOnPush: false, tags: [] },
  )
  return repository
}

async function push(
  registry: TestRegistry,
  repository: RepositoryAddress,
  content: Buffer,
  body: Partial<Body> = {},
): Promise<Digest> {
  const { uploadId } = await startUpload(registry, { repository, principalId, algorithm: 'sha256' })
  const digest = digestOf(content)
  const sent = { source: once(content), keepPartial: false, ...body }
  await finishUpload(registry, { repository, uploadId, principalId, digest, body: sent })
  return digest
}

async function pushImage(
  registry: TestRegistry,
  repository: RepositoryAddress,
  config: Buffer,
): Promise<Digest> {
  const digest = await push(registry, repository, config)
  const mediaType = mediaTypes.ociManifest
  const descriptor = { mediaType: mediaTypes.ociConfig, digest, size: config.byteLength }
  const bytes = Buffer.from(
    JSON.stringify({ schemaVersion: 2, mediaType, config: descriptor, layers: [] }),
  )
  const put = { repository, bytes, mediaType, digest: undefined, tags: [], principal }
  return (await putManifest(registry, { ...put, ifPresent: 'accept' })).digest
}

async function limit(
  registry: TestRegistry,
  repository: RepositoryAddress | undefined,
  quota: { maxBytes?: number; maxImages?: number },
): Promise<void> {
  const { account } = registry.repository
  const { maxBytes, maxImages } = quota
  const change = { maxBytes, maxImages }
  await putQuota(registry, { account, repository: repository?.name, change })
}

test('refuses a body whose stated length does not fit, before a byte of it is read', async (t) => {
  const registry = await testRegistry(t)
  const { repository } = registry
  await limit(registry, repository, { maxBytes: 100 })
  const unread = { source: never(), announcedBytes: 101 }
  await assert.rejects(push(registry, repository, Buffer.alloc(101), unread), exceeded)
  const { uploadId } = await startUpload(registry, { repository, principalId, algorithm: 'sha256' })
  const body = { source: never(), expectedBytes: 101, keepPartial: false }
  await assert.rejects(
    appendUpload(registry, { repository, uploadId, principalId, body }),
    exceeded,
  )
})

test('refuses a body without a length when it passes the limit, and the upload keeps what it had', async (t) => {
  const registry = await testRegistry(t)
  const { repository } = registry
  await limit(registry, undefined, { maxBytes: 100 })
  const { uploadId } = await startUpload(registry, { repository, principalId, algorithm: 'sha256' })
  const address = { repository, uploadId, principalId }
  const part = (bytes: number): Body => ({ source: once(Buffer.alloc(bytes)), keepPartial: true })
  assert.deepEqual(await appendUpload(registry, { ...address, body: part(60) }), { size: 60 })
  await assert.rejects(appendUpload(registry, { ...address, body: part(41) }), exceeded)
  assert.deepEqual(await appendUpload(registry, { ...address, body: part(40) }), { size: 100 })
  await finishUpload(registry, { ...address, digest: digestOf(Buffer.alloc(100)) })
})

test('uploads that pass the limit together: the close decides, and the refused one gives its room back', async (t) => {
  const registry = await testRegistry(t)
  const { repository } = registry
  const uploads = await Promise.all(
    [1, 2].map((fill) => openWith(registry, repository, Buffer.alloc(60, fill))),
  )
  await limit(registry, repository, { maxBytes: 100 })
  const [first, second] = uploads
  assert.ok(first !== undefined && second !== undefined)
  await finishUpload(registry, first)
  await assert.rejects(finishUpload(registry, second), exceeded)
  await push(registry, repository, Buffer.alloc(40, 3), { announcedBytes: 40 })
})

async function openWith(
  registry: TestRegistry,
  repository: RepositoryAddress,
  content: Buffer,
): Promise<Parameters<typeof finishUpload>[1]> {
  const { uploadId } = await startUpload(registry, { repository, principalId, algorithm: 'sha256' })
  const address = { repository, uploadId, principalId }
  await appendUpload(registry, { ...address, body: { source: once(content), keepPartial: false } })
  return { ...address, digest: digestOf(content) }
}

test('what is there already is pushed and mounted again whatever the limit', async (t) => {
  const registry = await testRegistry(t)
  const { repository } = registry
  const content = Buffer.alloc(50)
  const digest = await push(registry, repository, content)
  const other = await addRepository(registry, 'team/other')
  await limit(registry, undefined, { maxBytes: 10 })
  await push(registry, repository, content, { announcedBytes: 50 })
  assert.equal(await mountBlob(registry, { repository: other, from: repository, digest }), true)
  await limit(registry, other, { maxBytes: 10 })
  const third = await addRepository(registry, 'team/third')
  await limit(registry, third, { maxBytes: 49 })
  await assert.rejects(
    mountBlob(registry, { repository: third, from: repository, digest }),
    exceeded,
  )
})

test('refuses the image above the limit, not the tag of one that is there', async (t) => {
  const registry = await testRegistry(t)
  const { repository } = registry
  await limit(registry, repository, { maxImages: 1 })
  await pushImage(registry, repository, Buffer.from('{"a":1}'))
  await pushImage(registry, repository, Buffer.from('{"a":1}'))
  await assert.rejects(pushImage(registry, repository, Buffer.from('{"a":2}')), exceeded)
})

/** What the counters must say, summed anew. */
async function summed(registry: TestRegistry, account: string): Promise<readonly number[]> {
  const row = await registry.database.first(
    `SELECT (SELECT COALESCE(SUM(size), 0) FROM blobs WHERE id IN (SELECT blob_id FROM blob_links))
       + (SELECT COALESCE(SUM(size), 0) FROM manifests) AS bytes, (SELECT COUNT(*) FROM manifests) AS images,
       (SELECT COALESCE(SUM(b.size), 0) FROM blob_links l JOIN blobs b ON b.id = l.blob_id)
         + (SELECT COALESCE(SUM(size), 0) FROM manifests) AS repository_bytes
     FROM accounts WHERE id = $1`,
    [account],
  )
  assert.ok(row !== undefined)
  return [integer(row, 'bytes'), integer(row, 'images'), integer(row, 'repository_bytes')]
}

test('usage is what the rows add up to, after any pushes, mounts and deletes', async (t) => {
  const registry = await testRegistry(t)
  const { account } = registry.repository
  const step = fc.record({
    kind: fc.constantFrom('push', 'image', 'mount', 'unblob', 'unimage', 'unrepository'),
    content: fc.nat(4),
    at: fc.nat(2),
    from: fc.nat(2),
  })
  await fc.assert(
    fc.asyncProperty(fc.array(step, { maxLength: 25 }), async (steps) => {
      for (const { kind, content, at, from } of steps) {
        await apply(registry, kind, Buffer.from(`{"content":${'9'.repeat(content + 1)}}`), at, from)
      }
      let told = [-1, -1]
      let repositoryBytes = 0
      for await (const { scope, used } of describeUsage(registry.database, { account })) {
        if (scope === 'account') told = [used.bytes, used.images]
        else repositoryBytes += used.bytes
      }
      assert.deepEqual([...told, repositoryBytes], await summed(registry, account))
    }),
    { numRuns: 40 },
  )
})

async function apply(
  registry: TestRegistry,
  kind: string,
  content: Buffer,
  at: number,
  from: number,
): Promise<void> {
  const repository = { ...registry.repository, name: nameOf(at) }
  try {
    await addRepository(registry, nameOf(at)).catch(() => undefined)
    if (kind === 'push') await push(registry, repository, content)
    if (kind === 'image') await pushImage(registry, repository, content)
    const digest = digestOf(content)
    const source = { ...repository, name: nameOf(from) }
    if (kind === 'mount') await mountBlob(registry, { repository, from: source, digest })
    if (kind === 'unblob') await deleteBlob(registry, { repository, digest })
    if (kind === 'unrepository') await deleteRepository(registry, { repository, force: true })
    if (kind === 'unimage') {
      const image = await pushImage(registry, repository, content)
      await deleteManifest(registry, { repository, digest: image, principal, referrers: 'delete' })
    }
  } catch (error) {
    if (!isRegistryError(error)) throw error
  }
}

function nameOf(index: number): RepositoryAddress['name'] {
  const name = parseRepositoryName(`team/r${index}`)
  if (name === undefined) throw new Error('unreachable')
  return name
}

test('an account takes as many repositories as at AWS, and one that exists is still told so', async (t) => {
  const registry = await testRegistry(t)
  const { database } = registry
  // One is there.
  await database.transaction((tx) =>
    tx.run(
      `WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 99998)
       INSERT INTO repositories (account, name, tag_mutability, scan_on_push, created_at)
         SELECT '123456789012', 'many/' || i, 'MUTABLE', 0, 0 FROM n`,
    ),
  )
  await addRepository(registry, 'last')
  await assert.rejects(addRepository(registry, 'one/more'), (error) => {
    assert.ok(exceeded(error) && error instanceof Error)
    assert.match(
      error.message,
      /has 100000 repositories, as many as it may have; one\/more was not made/,
    )
    return true
  })
  await assert.rejects(
    addRepository(registry, 'last'),
    (error) => isRegistryError(error) && error.code === 'REPOSITORY_EXISTS',
  )
  const row = await database.first('SELECT COUNT(*) AS count FROM repositories')
  assert.equal(row?.['count'], 100_000)
})
