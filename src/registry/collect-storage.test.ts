import assert from 'node:assert/strict'
import { test } from 'node:test'
import { testRegistry, type TestRegistry } from '../../test/kit/registry.ts'
import { begin, contentOf, pieces, push, refusal } from '../../test/kit/uploads.ts'
import { digestOf, type Digest } from '../oci/digest.ts'
import { mediaTypes } from '../oci/media-type.ts'
import { parseTag, type Tag } from '../oci/tag.ts'
import { appendUpload } from './append-upload.ts'
import { collecting, collectStorage } from './collect-storage.ts'
import { listCollections, type Collection } from './collection-store.ts'
import { deleteManifest } from './delete-manifest.ts'
import { deleteRepository } from './delete-repository.ts'
import { getManifest } from './find-manifest.ts'
import { getBlob, getBlobToKeep } from './open-blob.ts'
import { planCollection, type CollectionPlan } from './plan-collection.ts'
import { putManifest } from './put-manifest.ts'
import { startUpload } from './start-upload.ts'

const hours = 3_600_000
const principal = 'arn:aws:iam::123456789012:user/admin'

async function run(
  registry: TestRegistry,
  input: { readonly untaggedOlderThanMs?: number } = {},
): Promise<Collection> {
  const signal = AbortSignal.timeout(20_000)
  return collectStorage(registry, { askedBy: 'request', ...input }, { signal })
}

async function plan(
  registry: TestRegistry,
  input: { readonly untaggedOlderThanMs?: number } = {},
): Promise<CollectionPlan> {
  const { signal } = new AbortController()
  let last: CollectionPlan | undefined
  const deps = { ...registry, reader: registry.database }
  for await (const value of planCollection(deps, input, { signal })) last = value
  assert.ok(last !== undefined)
  return last
}

async function put(
  registry: TestRegistry,
  manifest: object,
  tags: readonly string[] = [],
): Promise<Digest> {
  const { repository } = registry
  const bytes = Buffer.from(JSON.stringify({ schemaVersion: 2, ...manifest }))
  const parsed = tags.map((text): Tag => {
    const tag = parseTag(text)
    assert.ok(tag !== undefined)
    return tag
  })
  const input = { repository, bytes, mediaType: undefined, digest: undefined, tags: parsed }
  return (await putManifest(registry, { ...input, principal, ifPresent: 'accept' })).digest
}

async function image(
  registry: TestRegistry,
  content: string,
  tags: readonly string[] = [],
  members: object = {},
): Promise<Digest> {
  const digest = await push(registry, Buffer.from(content))
  const config = { mediaType: mediaTypes.ociConfig, digest, size: content.length }
  return put(registry, { mediaType: mediaTypes.ociManifest, config, layers: [], ...members }, tags)
}

async function isStored(registry: TestRegistry, content: string): Promise<boolean> {
  const digest = digestOf(Buffer.from(content))
  return contentOf(registry, digest).then(
    (bytes) => bytes.toString() === content,
    () => false,
  )
}

async function keysOf(registry: TestRegistry): Promise<number> {
  let keys = 0
  for await (const { key } of registry.blobs.list()) if (key !== '') keys += 1
  return keys
}

test('a deleted image frees its blobs after the grace, and not those that another image needs', async (t) => {
  const registry = await testRegistry(t)
  const { repository } = registry
  const gone = await image(registry, '{"gone":1}')
  await image(registry, '{"kept":1}')
  registry.clock.advance(48 * hours)
  await run(registry)
  assert.equal(await isStored(registry, '{"gone":1}'), true, 'an image needs it')
  await deleteManifest(registry, { repository, principal, digest: gone, referrers: 'keep' })
  await run(registry)
  assert.equal(await isStored(registry, '{"gone":1}'), true, 'the grace counts from the deletion')
  registry.clock.advance(25 * hours)
  assert.deepEqual(await plan(registry), { manifests: 0, links: 1, blobs: 1, bytes: 10 })
  const { counts } = await run(registry)
  assert.deepEqual([counts.links, counts.retiredBlobs, counts.retiredBytes], [1, 1, 10])
  assert.equal(await isStored(registry, '{"gone":1}'), false)
  assert.equal(await keysOf(registry), 2, 'readers may go on')
  registry.clock.advance(2 * hours)
  assert.equal((await run(registry)).counts.removedBytes, 10)
  assert.equal(await keysOf(registry), 1)
  assert.equal(await isStored(registry, '{"kept":1}'), true)
})

test('a client that was told of a blob can refer to it for the grace, however old the blob is', async (t) => {
  const registry = await testRegistry(t)
  const { repository } = registry
  const digest = await push(registry, Buffer.from('{"old":1}'))
  registry.clock.advance(23 * hours)
  await getBlobToKeep(registry, { repository, digest })
  registry.clock.advance(23 * hours)
  await run(registry)
  await image(registry, '{"old":1}')
  registry.clock.advance(48 * hours)
  await run(registry)
  assert.equal(await isStored(registry, '{"old":1}'), true)
})

test('a blob that is pushed again while its former bytes are on their way out has bytes of its own', async (t) => {
  const registry = await testRegistry(t)
  const digest = await push(registry, Buffer.from('{"a":1}'))
  registry.clock.advance(25 * hours)
  await run(registry)
  await assert.rejects(
    getBlob(registry.database, { repository: registry.repository, digest }),
    refusal('BLOB_UNKNOWN'),
  )
  await image(registry, '{"a":1}')
  registry.clock.advance(2 * hours)
  await run(registry)
  assert.equal(await isStored(registry, '{"a":1}'), true)
  assert.equal(await keysOf(registry), 1)
})

test('untagged manifests go when asked for: not tagged ones, children of an index, or signatures of what is there', async (t) => {
  const registry = await testRegistry(t)
  const { repository } = registry
  const mediaType = mediaTypes.ociManifest
  const descriptor = (digest: Digest, size: number): object => ({ mediaType, digest, size })
  const tagged = await image(registry, '{"tagged":1}', ['v1'])
  const child = await image(registry, '{"child":1}')
  const sizeOf = async (digest: Digest): Promise<number> =>
    (await getManifest(registry.database, { repository, reference: { kind: 'digest', digest } }))
      .size
  const children = [descriptor(child, await sizeOf(child))]
  const index = await put(registry, { mediaType: mediaTypes.ociIndex, manifests: children }, [
    'all',
  ])
  const subject = descriptor(tagged, await sizeOf(tagged))
  const signature = await image(registry, '{"signature":1}', [], { subject })
  const loose = await image(registry, '{"loose":1}')
  const looseChild = await image(registry, '{"loose-child":1}')
  const held = [descriptor(looseChild, await sizeOf(looseChild))]
  const looseIndex = await put(registry, { mediaType: mediaTypes.ociIndex, manifests: held })
  registry.clock.advance(10 * 24 * hours)
  const young = await image(registry, '{"young":1}')
  const week = { untaggedOlderThanMs: 7 * 24 * hours }
  assert.equal((await run(registry)).counts.manifests, 0, 'nobody asked for it')
  assert.equal((await plan(registry, week)).manifests, 2)
  assert.equal((await run(registry, week)).counts.manifests, 3, 'with what the index held')
  const isThere = async (digest: Digest): Promise<boolean> =>
    sizeOf(digest).then(
      () => true,
      () => false,
    )
  for (const digest of [tagged, child, index, signature, young]) assert.ok(await isThere(digest))
  for (const digest of [loose, looseChild, looseIndex]) assert.equal(await isThere(digest), false)
})

test('an upload that somebody holds or touched is not given up', async (t) => {
  const registry = await testRegistry(t)
  const [idle, used] = [await begin(registry), await begin(registry)]
  const body = (text: string) => ({ source: pieces(Buffer.from(text)), keepPartial: true })
  await appendUpload(registry, { ...idle, body: body('x') })
  registry.clock.advance(23 * hours)
  await appendUpload(registry, { ...used, body: body('y') })
  registry.clock.advance(2 * hours)
  assert.equal((await run(registry)).counts.uploads, 1)
  await assert.rejects(
    appendUpload(registry, { ...idle, body: body('x') }),
    refusal('UPLOAD_UNKNOWN'),
  )
  await appendUpload(registry, { ...used, body: body('z') })
})

test('a stopped run goes on where it stood, and one that is under way is joined', async (t) => {
  const registry = await testRegistry(t)
  const { repository } = registry
  const principalId = 'AIDATEST'
  for (let upload = 0; upload < 250; upload += 1) {
    await startUpload(registry, { repository, principalId, algorithm: 'sha256' })
  }
  registry.clock.advance(25 * hours)
  const { signal } = new AbortController()
  const first = { askedBy: 'schedule', maxSteps: 2 } as const
  const stopped = await collectStorage(registry, first, { signal })
  assert.deepEqual([stopped.isOpen, stopped.counts.uploads], [true, 200])
  const states: Collection[] = []
  for await (const state of collecting(registry, { askedBy: 'request' }, { signal }))
    states.push(state)
  assert.deepEqual([...new Set(states.map(({ id }) => id))], [stopped.id])
  assert.equal(states.at(-1)?.isOpen, false)
  assert.equal(states.at(-1)?.counts.uploads, 250)
  assert.equal((await listCollections(registry.database, 5)).length, 1)
})

test('a grace counts from when its transaction runs, however long that waited for its turn', async (t) => {
  const registry = await testRegistry(t)
  const { repository, database, clock } = registry
  const content = '{"waiting":1}'
  await image(registry, content)
  clock.advance(hours)
  let turns = 0
  const waiting: TestRegistry = {
    ...registry,
    database: {
      ...database,
      async transaction(work) {
        turns += 1
        // The second after the run's beginning and its uploads: the one that removes manifests.
        if (turns === 3) clock.advance(30 * hours)
        return database.transaction(work)
      },
    },
  }
  const { counts } = await run(waiting, { untaggedOlderThanMs: 0 })
  assert.deepEqual([counts.manifests, counts.links], [1, 0])
  await getBlob(database, { repository, digest: digestOf(Buffer.from(content)) })
})

test('bytes of an upload whose repository is deleted go once no request can be writing them', async (t) => {
  const registry = await testRegistry(t)
  const { repository, clock } = registry
  const address = await begin(registry)
  await appendUpload(registry, {
    ...address,
    body: { source: pieces(Buffer.from('x')), keepPartial: true },
  })
  await deleteRepository(registry, { repository, force: true })
  await run(registry)
  assert.equal(await keysOf(registry), 1, 'a request may be about to write')
  clock.advance(hours)
  await run(registry)
  assert.equal(await keysOf(registry), 0)
})

test('two drivers of one run do each batch once', async (t) => {
  const registry = await testRegistry(t)
  for (let blob = 0; blob < 30; blob += 1) await push(registry, Buffer.from(`{"blob":${blob}}`))
  registry.clock.advance(25 * hours)
  const runs = await Promise.all([run(registry), run(registry)])
  const counts = runs.map(({ counts: { links, retiredBlobs } }) => [links, retiredBlobs])
  assert.deepEqual(counts, [
    [30, 30],
    [30, 30],
  ])
})

test('what cannot be removed is counted, does not stop the rest, and goes in the next run', async (t) => {
  const registry = await testRegistry(t)
  for (const content of ['{"a":1}', '{"b":1}', '{"c":1}'])
    await push(registry, Buffer.from(content))
  registry.clock.advance(25 * hours)
  await run(registry)
  registry.clock.advance(2 * hours)
  let refusals = 1
  const blobs = {
    ...registry.blobs,
    async delete(key: Parameters<typeof registry.blobs.delete>[0]) {
      refusals -= 1
      if (refusals === 0) throw new Error('EIO')
      await registry.blobs.delete(key)
    },
  }
  const { counts } = await run({ ...registry, blobs })
  assert.deepEqual([counts.removedKeys, counts.failed], [2, 1])
  assert.equal(await keysOf(registry), 1)
  assert.equal((await run(registry)).counts.removedKeys, 1)
  assert.equal(await keysOf(registry), 0)
})
