import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { test } from 'node:test'
import fc from 'fast-check'
import { testRegistry, type TestRegistry } from '../../test/kit/registry.ts'
import { begin, breaking, contentOf, pieces, push, refusal } from '../../test/kit/uploads.ts'
import { digestOf } from '../oci/digest.ts'
import type { BlobStore } from '../storage/blobs/blob-store.ts'
import { StorageFullError } from '../storage/storage-full.ts'
import { appendUpload } from './append-upload.ts'
import { cancelUpload } from './cancel-upload.ts'
import { collectStorage } from './collect-storage.ts'
import { deleteBlob } from './delete-blob.ts'
import { finishUpload } from './finish-upload.ts'
import { LiveHashes } from './live-hashes.ts'
import { getBlob } from './open-blob.ts'

test('refuses a wrong digest, and nothing of the upload stays', async (t) => {
  const registry = await testRegistry(t)
  const address = await begin(registry)
  const body = { source: pieces(Buffer.from('content')), keepPartial: false }
  const digest = digestOf(Buffer.from('other'))
  await assert.rejects(
    finishUpload(registry, { ...address, digest, body }),
    refusal('DIGEST_MISMATCH'),
  )
  await assert.rejects(
    appendUpload(registry, { ...address, body: { source: pieces(), keepPartial: true } }),
    refusal('UPLOAD_UNKNOWN'),
  )
  // Without a collection: quotas do not count it any more, so it may not fill the disk.
  assert.deepEqual(await keysOf(registry), [])
})

test('bytes of an ended upload that the store does not let go of are the collector’s', async (t) => {
  const registry = await testRegistry(t)
  const address = await begin(registry)
  const body = { source: pieces(Buffer.from('content')), keepPartial: true }
  await appendUpload(registry, { ...address, body })
  const blobs = {
    ...registry.blobs,
    delete: async () => Promise.reject(new Error('read-only')),
  }
  await cancelUpload({ ...registry, blobs }, address)
  assert.equal((await keysOf(registry)).length, 1)
  await collectStorage(registry, { askedBy: 'request' }, { signal: AbortSignal.timeout(1000) })
  assert.deepEqual(await keysOf(registry), [])
})

async function keysOf(registry: TestRegistry): Promise<readonly string[]> {
  const kept: string[] = []
  for await (const { key } of registry.blobs.list()) kept.push(key)
  return kept
}

test('refuses a chunk out of order, and the upload stays usable', async (t) => {
  const registry = await testRegistry(t)
  const address = await begin(registry)
  const body = (text: string) => ({
    source: pieces(Buffer.from(text)),
    expectedBytes: text.length,
    keepPartial: false,
  })
  await appendUpload(registry, { ...address, start: 0, body: body('hello ') })
  await assert.rejects(
    appendUpload(registry, { ...address, start: 9, body: body('x') }),
    refusal('UPLOAD_OUT_OF_ORDER'),
  )
  await assert.rejects(
    appendUpload(registry, { ...address, start: 6, body: { ...body('ab'), expectedBytes: 5 } }),
    refusal('SIZE_MISMATCH'),
  )
  await appendUpload(registry, { ...address, start: 6, body: body('world') })
  const digest = digestOf(Buffer.from('hello world'))
  assert.equal((await finishUpload(registry, { ...address, digest })).size, 11)
})

test('refuses a second writer, another principal, another repository’s upload and a cancelled one', async (t) => {
  const registry = await testRegistry(t)
  const address = await begin(registry)
  let release = (): void => undefined
  const held = new Promise<void>((resolve) => {
    release = resolve
  })
  const slow = async function* (): AsyncGenerator<Uint8Array> {
    yield Buffer.from('a')
    await held
  }
  const first = appendUpload(registry, { ...address, body: { source: slow(), keepPartial: true } })
  await new Promise((resolve) => setTimeout(resolve, 50))
  const body = { source: pieces(Buffer.from('b')), keepPartial: true }
  await assert.rejects(appendUpload(registry, { ...address, body }), refusal('UPLOAD_BUSY'))
  release()
  await first
  await assert.rejects(
    appendUpload(registry, { ...address, principalId: 'AIDAOTHER', body }),
    refusal('UPLOAD_UNKNOWN'),
  )
  await cancelUpload(registry, address)
  await assert.rejects(appendUpload(registry, { ...address, body }), refusal('UPLOAD_UNKNOWN'))
})

test('a stream that breaks off keeps what came; a numbered chunk counts whole or not at all', async (t) => {
  const registry = await testRegistry(t)
  const address = await begin(registry)
  const part = Buffer.from('kept ')
  await assert.rejects(
    appendUpload(registry, { ...address, body: { source: breaking(part), keepPartial: true } }),
    refusal('UPLOAD_INTERRUPTED'),
  )
  const chunk = { source: breaking(Buffer.from('lost')), expectedBytes: 9, keepPartial: false }
  await assert.rejects(
    appendUpload(registry, { ...address, start: 5, body: chunk }),
    refusal('UPLOAD_INTERRUPTED'),
  )
  const body = { source: pieces(Buffer.from('rest')), keepPartial: false }
  const { size } = await finishUpload(registry, {
    ...address,
    digest: digestOf(Buffer.from('kept rest')),
    body,
    start: 5,
  })
  assert.equal(size, 9)
})

test('a body that is refused, or that the store does not take, is let go of', async (t) => {
  const registry = await testRegistry(t)
  let open = 0
  async function* source(): AsyncGenerator<Uint8Array> {
    open += 1
    try {
      for (;;) yield await Promise.resolve(Buffer.from('too much'))
    } finally {
      open -= 1
    }
  }
  const write: BlobStore['write'] = async (_key, _offset, body) => {
    for await (const piece of body) throw new Error(`${piece.byteLength} bytes fail`)
    return 0
  }
  const failing = { ...registry, blobs: { ...registry.blobs, write } }
  for (const deps of [registry, failing]) {
    const body = { source: source(), expectedBytes: 20, keepPartial: false }
    await assert.rejects(appendUpload(deps, { ...(await begin(registry)), body }))
    assert.equal(open, 0)
  }
})

test('a full disk is told as such, and the upload goes on when there is room', async (t) => {
  const registry = await testRegistry(t)
  const address = await begin(registry)
  const full: TestRegistry = {
    ...registry,
    blobs: {
      ...registry.blobs,
      write: async () => Promise.reject(new StorageFullError({ cause: 'no space' })),
    },
  }
  const body = { source: pieces(Buffer.from('x')), keepPartial: true }
  await assert.rejects(appendUpload(full, { ...address, body }), refusal('STORAGE_FULL'))
  const again = { source: pieces(Buffer.from('x')), keepPartial: false }
  assert.equal(
    (await finishUpload(registry, { ...address, digest: digestOf(Buffer.from('x')), body: again }))
      .size,
    1,
  )
})

test('closing again after success is success, by any digest algorithm', async (t) => {
  const registry = await testRegistry(t)
  const content = randomBytes(1000)
  const address = await begin(registry)
  const digest = digestOf(content, 'sha512')
  await finishUpload(registry, {
    ...address,
    digest,
    body: { source: pieces(content), keepPartial: false },
  })
  assert.equal((await finishUpload(registry, { ...address, digest })).size, 1000)
  assert.ok(content.equals(await contentOf(registry, digest)))
})

test('who closes again, or learns by closing that a layer is there, can refer to it for the whole grace', async (t) => {
  const registry = await testRegistry(t)
  const { repository, clock } = registry
  const hours = 3_600_000
  const content = randomBytes(1000)
  const body = { source: pieces(content), keepPartial: false }
  const address = await begin(registry)
  const digest = digestOf(content)
  const isKeptFor = async (ms: number): Promise<boolean> => {
    clock.advance(ms)
    await collectStorage(registry, { askedBy: 'request' }, { signal: AbortSignal.timeout(5000) })
    return getBlob(registry.database, { repository, digest }).then(
      () => true,
      () => false,
    )
  }
  await finishUpload(registry, { ...address, digest, body })
  clock.advance(23 * hours)
  await finishUpload(registry, { ...address, digest })
  assert.equal(await isKeptFor(23 * hours), true)
  const layer = await begin(registry)
  const chunk = { source: pieces(Buffer.from('x')), keepPartial: true }
  await appendUpload(registry, { ...layer, body: chunk })
  const close = finishUpload(registry, { ...layer, digest, asLayerOfApi: true })
  await assert.rejects(close, refusal('BLOB_EXISTS'))
  assert.equal(await isKeptFor(23 * hours), true)
  assert.equal(await isKeptFor(2 * hours), false)
})

test('a push of the content heals a damaged copy', async (t) => {
  const registry = await testRegistry(t)
  const content = randomBytes(2000)
  const digest = await push(registry, content)
  const blob = await getBlob(registry.database, { repository: registry.repository, digest })
  await registry.blobs.write(blob.storageKey, 0, pieces(Buffer.from('damaged')))
  await push(registry, content)
  assert.ok(content.equals(await contentOf(registry, digest)))
})

test('twenty pushes of one blob at once keep one copy', async (t) => {
  const registry = await testRegistry(t)
  const content = randomBytes(50_000)
  await Promise.all(Array.from({ length: 20 }, () => push(registry, content)))
  await collectStorage(registry, { askedBy: 'request' }, { signal: AbortSignal.timeout(5000) })
  const kept: string[] = []
  for await (const { key } of registry.blobs.list()) kept.push(key)
  assert.equal(kept.length, 1)
  await deleteBlob(registry, { repository: registry.repository, digest: digestOf(content) })
  registry.clock.advance(2 * 3_600_000)
  await collectStorage(registry, { askedBy: 'request' }, { signal: AbortSignal.timeout(5000) })
  for await (const { key } of registry.blobs.list()) assert.fail(`${key} is left`)
})

test('any split of an upload into chunks, with or without the running hash, yields the same blob', async (t) => {
  const registry = await testRegistry(t)
  const sizes = fc.array(fc.nat(5000), { maxLength: 6 })
  await fc.assert(
    fc.asyncProperty(sizes, fc.boolean(), async (parts, forgets) => {
      const content = randomBytes(parts.reduce((sum, size) => sum + size, 1))
      const address = await begin(registry)
      let start = 0
      for (const size of parts) {
        const source = pieces(content.subarray(start, start + size))
        const deps = forgets ? { ...registry, hashes: new LiveHashes() } : registry
        await appendUpload(deps, {
          ...address,
          start,
          body: { source, expectedBytes: size, keepPartial: false },
        })
        start += size
      }
      const body = { source: pieces(content.subarray(start)), keepPartial: false }
      const digest = digestOf(content)
      await finishUpload(registry, { ...address, digest, body, start })
      assert.ok(content.equals(await contentOf(registry, digest)))
    }),
    { numRuns: 40 },
  )
})

test('what was acknowledged is not read again after a chunk that is refused', async (t) => {
  const registry = await testRegistry(t)
  const address = await begin(registry)
  const read: BlobStore['read'] = async () => Promise.reject(new Error('read again'))
  const deps = { ...registry, blobs: { ...registry.blobs, read } }
  const body = (text: string, expectedBytes: number) => ({
    source: pieces(Buffer.from(text)),
    expectedBytes,
    keepPartial: false,
  })
  await appendUpload(deps, { ...address, body: body('kept ', 5) })
  for (const expected of [3, 5]) {
    const refused = appendUpload(deps, { ...address, body: body('lost', expected) })
    await assert.rejects(refused, refusal('SIZE_MISMATCH'))
  }
  await appendUpload(deps, { ...address, body: body('rest', 4) })
  const digest = digestOf(Buffer.from('kept rest'))
  assert.equal((await finishUpload(deps, { ...address, digest })).size, 9)
})

test('an upload that nobody touched for a day is given up', async (t) => {
  const registry = await testRegistry(t)
  const address = await begin(registry)
  await appendUpload(registry, {
    ...address,
    body: { source: pieces(Buffer.from('x')), keepPartial: true },
  })
  registry.clock.advance(25 * 3_600_000)
  await collectStorage(registry, { askedBy: 'request' }, { signal: AbortSignal.timeout(1000) })
  const body = { source: pieces(), keepPartial: true }
  await assert.rejects(appendUpload(registry, { ...address, body }), refusal('UPLOAD_UNKNOWN'))
  for await (const { key } of registry.blobs.list()) assert.fail(`${key} is left`)
})
