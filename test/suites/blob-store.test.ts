// One suite for every driver of the port: what the registry relies on.
import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { join } from 'node:path'
import { buffer } from 'node:stream/consumers'
import { test, type TestContext } from 'node:test'
import { systemIds } from '../../src/lib/ids.ts'
import { newStorageKey, type BlobStore } from '../../src/storage/blobs/blob-store.ts'
import { openFilesystemBlobs } from '../../src/storage/blobs/filesystem.ts'
import { openMemoryBlobs } from '../../src/storage/blobs/memory.ts'
import { temporaryDirectory } from '../kit/database.ts'
import { fakeClock } from '../kit/fake-clock.ts'

const drivers: readonly (readonly [string, (t: TestContext) => Promise<BlobStore>])[] = [
  ['filesystem', async (t) => openFilesystemBlobs(join(await temporaryDirectory(t), 'blobs'))],
  ['memory', async () => Promise.resolve(openMemoryBlobs(fakeClock()))],
]

async function* pieces(...texts: readonly string[]): AsyncGenerator<Uint8Array> {
  for (const text of texts) yield await Promise.resolve(Buffer.from(text))
}

async function* breaking(text: string): AsyncGenerator<Uint8Array> {
  yield await Promise.resolve(Buffer.from(text))
  throw new Error('the client has gone')
}

const read = async (blobs: BlobStore, ...args: Parameters<BlobStore['read']>): Promise<string> =>
  (await buffer(await blobs.read(...args))).toString()

for (const [name, open] of drivers) {
  test(`${name}: what is written is read, whole and in ranges`, async (t) => {
    const blobs = await open(t)
    const key = newStorageKey(systemIds)
    assert.equal(await blobs.write(key, 0, pieces('hello ', 'world')), 11)
    await blobs.sync(key)
    assert.equal(await blobs.size(key), 11)
    assert.equal(await read(blobs, key), 'hello world')
    assert.equal(await read(blobs, key, { start: 4, end: 6 }), 'o w')
  })

  test(`${name}: pieces of any size, used again by their sender, come back in their order`, async (t) => {
    const blobs = await open(t)
    const key = newStorageKey(systemIds)
    const content = randomBytes(5 * 1024 * 1024 + 3)
    const sizes = [1, 65_536, 1, 3 * 1024 * 1024, 0, 17, 1024 * 1024, 65_535]
    const one = Buffer.alloc(3 * 1024 * 1024)
    async function* sent(): AsyncGenerator<Uint8Array> {
      for (let at = 0, turn = 0; at < content.byteLength; turn += 1) {
        const length = content.copy(one, 0, at, at + (sizes[turn % sizes.length] ?? 1))
        at += length
        yield await Promise.resolve(one.subarray(0, length))
      }
    }
    assert.equal(await blobs.write(key, 0, sent()), content.byteLength)
    assert.ok(content.equals(await buffer(await blobs.read(key))))
  })

  test(`${name}: writing at an offset keeps what is before it and cuts what is behind`, async (t) => {
    const blobs = await open(t)
    const key = newStorageKey(systemIds)
    await blobs.write(key, 0, pieces('0123456789'))
    assert.equal(await blobs.write(key, 4, pieces('ab')), 6)
    assert.equal(await read(blobs, key), '0123ab')
  })

  test(`${name}: refuses to write behind bytes that are not there`, async (t) => {
    const blobs = await open(t)
    const key = newStorageKey(systemIds)
    await assert.rejects(blobs.write(key, 1, pieces('x')))
    await blobs.write(key, 0, pieces('abc'))
    await assert.rejects(blobs.write(key, 4, pieces('x')))
    assert.equal(await read(blobs, key), 'abc')
  })

  test(`${name}: a source that breaks off leaves the bytes before the offset, and no others`, async (t) => {
    const blobs = await open(t)
    const key = newStorageKey(systemIds)
    await blobs.write(key, 0, pieces('kept'))
    await assert.rejects(blobs.write(key, 4, breaking('lost')), /the client has gone/)
    assert.equal(await read(blobs, key), 'kept')
  })

  test(`${name}: no bytes are bytes too`, async (t) => {
    const blobs = await open(t)
    const key = newStorageKey(systemIds)
    assert.equal(await blobs.write(key, 0, pieces()), 0)
    await blobs.sync(key)
    assert.equal(await blobs.size(key), 0)
    assert.equal(await read(blobs, key), '')
  })

  test(`${name}: bytes held open are read at any place, to the end, even after the key is deleted`, async (t) => {
    const blobs = await open(t)
    const key = newStorageKey(systemIds)
    await assert.rejects(blobs.open(key))
    await blobs.write(key, 0, pieces('0123456789'))
    const held = await blobs.open(key)
    await blobs.delete(key)
    const into = Buffer.alloc(4)
    assert.equal(await held.read(into, 3), 4)
    assert.equal(into.toString(), '3456')
    assert.equal(await held.read(into, 8), 2)
    assert.equal(into.subarray(0, 2).toString(), '89')
    assert.equal(await held.read(into, 10), 0)
    await held.close()
  })

  test(`${name}: how much room there is can be asked`, async (t) => {
    const blobs = await open(t)
    await blobs.probe()
    const { freeBytes, totalBytes } = await blobs.space()
    assert.ok(freeBytes > 0 && freeBytes <= totalBytes)
  })

  test(`${name}: what is absent is said, deleting is idempotent, and keys can be listed`, async (t) => {
    const blobs = await open(t)
    const [key, other] = [newStorageKey(systemIds), newStorageKey(systemIds)]
    await blobs.probe()
    assert.equal(await blobs.size(key), undefined)
    await assert.rejects(blobs.read(key))
    await blobs.write(key, 0, pieces('x'))
    await blobs.write(other, 0, pieces('y'))
    await blobs.delete(key)
    await blobs.delete(key)
    const listed: string[] = []
    for await (const entry of blobs.list()) listed.push(entry.key)
    assert.deepEqual(listed, [other])
  })

  test(`${name}: keys are listed in order, all or those of one prefix`, async (t) => {
    const blobs = await open(t)
    const keys = Array.from({ length: 40 }, () => newStorageKey(systemIds)).toSorted()
    for (const key of keys.toReversed()) await blobs.write(key, 0, pieces('x'))
    const listed = async (prefix?: string): Promise<readonly string[]> => {
      const found: string[] = []
      for await (const { key } of blobs.list(prefix)) found.push(key)
      return found
    }
    assert.deepEqual(await listed(), keys)
    const prefix = keys[7]?.slice(0, 2) ?? ''
    assert.deepEqual(
      await listed(prefix),
      keys.filter((key) => key.startsWith(prefix)),
    )
    const unused = ['00', '7f', 'ff', 'e9'].find((two) => !keys.some((key) => key.startsWith(two)))
    if (unused !== undefined) assert.deepEqual(await listed(unused), [])
  })
}
