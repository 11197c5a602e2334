// Bytes that no row names: what a kill between two steps of a push leaves, or a database that was put back by hand.
import assert from 'node:assert/strict'
import { utimes } from 'node:fs/promises'
import { test, type TestContext } from 'node:test'
import { fileOf, testRegistry, type TestRegistry } from '../../test/kit/registry.ts'
import { begin, contentOf, pieces, push } from '../../test/kit/uploads.ts'
import { newStorageKey, type StorageKey } from '../storage/blobs/blob-store.ts'
import { appendUpload } from './append-upload.ts'
import { collectStorage } from './collect-storage.ts'
import type { Collection } from './collection-store.ts'
import {
  deleteDeletionPause,
  insertDeletionPause,
  renewDeletionPause,
} from './deletion-pause-store.ts'

const hours = 3_600_000

async function run(registry: TestRegistry, orphanShards = 256): Promise<Collection> {
  const { signal } = new AbortController()
  const deps = { ...registry, orphanShards }
  return collectStorage(deps, { askedBy: 'request' }, { signal })
}

/** As if they had been written by the registry's clock. */
async function writtenNow(registry: TestRegistry, ...keys: readonly StorageKey[]): Promise<void> {
  const now = registry.clock.now()
  for (const key of keys) await utimes(fileOf(registry, key), now, now)
}

async function orphan(registry: TestRegistry): Promise<StorageKey> {
  const key = newStorageKey(registry.ids)
  await registry.blobs.write(key, 0, pieces(Buffer.from('nobody needs this')))
  await writtenNow(registry, key)
  return key
}

async function keysOf(registry: TestRegistry): Promise<readonly StorageKey[]> {
  const keys: StorageKey[] = []
  for await (const { key } of registry.blobs.list()) keys.push(key)
  return keys
}

async function registryWithContent(t: TestContext): Promise<TestRegistry> {
  const registry = await testRegistry(t)
  await push(registry, Buffer.from('{"kept":1}'))
  const upload = await begin(registry)
  const body = { source: pieces(Buffer.from('half')), keepPartial: true }
  await appendUpload(registry, { ...upload, body })
  await writtenNow(registry, ...(await keysOf(registry)))
  return registry
}

test('bytes without a row go at the second sighting, and never those that a row names', async (t) => {
  const registry = await registryWithContent(t)
  const key = await orphan(registry)
  registry.clock.advance(47 * hours)
  assert.equal((await run(registry)).counts.orphansSeen, 0, 'too young')
  const upload = await begin(registry)
  const body = { source: pieces(Buffer.from('again half')), keepPartial: true }
  await appendUpload(registry, { ...upload, body })
  registry.clock.advance(2 * hours)
  const first = (await run(registry)).counts
  assert.deepEqual([first.orphansSeen, first.orphansQueued], [1, 0])
  const second = (await run(registry)).counts
  assert.deepEqual([second.orphansSeen, second.orphansQueued], [0, 0], 'not twice within a day')
  assert.ok((await keysOf(registry)).includes(key))
  const kept = await push(registry, Buffer.from('{"kept":1}'))
  await writtenNow(registry, ...(await keysOf(registry)).filter((name) => name !== key))
  registry.clock.advance(23 * hours)
  assert.equal((await run(registry)).counts.orphansQueued, 0)
  assert.equal((await contentOf(registry, kept)).toString(), '{"kept":1}')
  registry.clock.advance(hours)
  assert.equal((await run(registry)).counts.orphansQueued, 1)
  assert.ok(!(await keysOf(registry)).includes(key))
})

test('a sweep goes on behind the part where the last one ended', async (t) => {
  const registry = await testRegistry(t)
  const keys = [await orphan(registry), await orphan(registry), await orphan(registry)]
  registry.clock.advance(49 * hours)
  let seen = 0
  for (let turn = 0; turn < 4; turn += 1) seen += (await run(registry, 64)).counts.orphansSeen
  assert.equal(seen, keys.length)
})

test('what a row names again before the second sighting stays', async (t) => {
  const registry = await testRegistry(t)
  const key = await orphan(registry)
  registry.clock.advance(49 * hours)
  assert.equal((await run(registry)).counts.orphansSeen, 1)
  await registry.database.transaction((tx) =>
    tx.run(
      `INSERT INTO blobs (digest, size, storage_key, state, created_at) VALUES ($1, 17, $2, 'missing', 0)`,
      [`sha256:${'a'.repeat(64)}`, key],
    ),
  )
  registry.clock.advance(49 * hours)
  assert.equal((await run(registry)).counts.orphansQueued, 0)
})

test('a store that cannot be listed is counted and does not stop the collection', async (t) => {
  const registry = await testRegistry(t)
  const blobs = {
    ...registry.blobs,
    list: (): never => {
      throw new Error('EIO')
    },
  }
  const { isOpen, counts } = await run({ ...registry, blobs }, 2)
  assert.deepEqual([isOpen, counts.failed], [false, 2])
})

test('no bytes go while a pause is in force; one that nobody ends ends with its time', async (t) => {
  const registry = await testRegistry(t)
  const { database, clock } = registry
  const digest = await push(registry, Buffer.from('{"a":1}'))
  clock.advance(25 * hours)
  await run(registry)
  clock.advance(2 * hours)
  const pause = { id: 'backup', reason: 'backup', endsAt: new Date(clock.now().getTime() + hours) }
  await database.transaction((tx) => insertDeletionPause(tx, pause, clock.now()))
  assert.equal((await run(registry)).counts.removedKeys, 0)
  await push(registry, Buffer.from('{"b":1}'))
  clock.advance(hours + 1)
  assert.equal((await run(registry)).counts.removedKeys, 1)
  await assert.rejects(contentOf(registry, digest))
  const late = await database.transaction((tx) =>
    renewDeletionPause(tx, 'backup', new Date(clock.now().getTime() + hours), clock.now()),
  )
  assert.equal(late, false, 'whoever held it learns that bytes may have gone')
  await database.transaction((tx) => deleteDeletionPause(tx, 'backup'))
})
