// What must never happen to an upload: bytes of two writers mixed, acknowledged bytes lost and not told, the bytes of a
// winner removed by a loser.
import assert from 'node:assert/strict'
import { Readable } from 'node:stream'
import { test } from 'node:test'
import { testRegistry, type TestRegistry } from '../../test/kit/registry.ts'
import { begin, contentOf, pieces, push, refusal } from '../../test/kit/uploads.ts'
import { digestOf } from '../oci/digest.ts'
import { text, type Database } from '../storage/database/database.ts'
import { parseStorageKey, type BlobStore, type StorageKey } from '../storage/blobs/blob-store.ts'
import { StorageFullError } from '../storage/storage-full.ts'
import { appendUpload } from './append-upload.ts'
import { collectStorage } from './collect-storage.ts'
import { deleteBlob } from './delete-blob.ts'
import { deleteRepository } from './delete-repository.ts'
import type { UploadAddress } from './find-open-upload.ts'
import { finishUpload } from './finish-upload.ts'
import { LiveHashes } from './live-hashes.ts'

const minutes = 60_000

interface HandFed {
  readonly source: AsyncGenerator<Uint8Array>
  readonly asked: () => Promise<void>
  readonly send: (text: string | undefined) => void
}

/** A body that is sent as far as the test lets it, with the moment at which the room has asked for more. */
function handFed(): HandFed {
  let asked = Promise.withResolvers<void>()
  let sent = Promise.withResolvers<string | undefined>()
  async function* source(): AsyncGenerator<Uint8Array> {
    for (;;) {
      asked.resolve()
      const piece = await sent.promise
      sent = Promise.withResolvers()
      if (piece === undefined) return
      yield Buffer.from(piece)
    }
  }
  return {
    source: source(),
    asked: async () => {
      await asked.promise
      asked = Promise.withResolvers()
    },
    send: (piece) => sent.resolve(piece),
  }
}

/** A request that has begun to write to the upload and waits for its client. */
async function writeSlowly(
  registry: TestRegistry,
  address: UploadAddress,
  keepPartial = true,
): Promise<{ readonly body: HandFed; readonly writing: Promise<unknown> }> {
  const body = handFed()
  const writing = appendUpload(registry, {
    ...address,
    body: { source: body.source, keepPartial },
  })
  await body.asked()
  return { body, writing }
}

function bodyOf(content: string): { source: AsyncIterable<Uint8Array>; keepPartial: boolean } {
  return { source: pieces(Buffer.from(content)), keepPartial: false }
}

async function keyOf(registry: TestRegistry, { uploadId }: UploadAddress): Promise<StorageKey> {
  const row = await registry.database.first('SELECT storage_key FROM uploads WHERE id = $1', [
    uploadId,
  ])
  assert.ok(row !== undefined)
  const key = parseStorageKey(text(row, 'storage_key'))
  assert.ok(key !== undefined)
  return key
}

test('a writer that was silent too long is refused, and what its system writes late reaches nobody', async (t) => {
  const registry = await testRegistry(t)
  const address = await begin(registry)
  await appendUpload(registry, { ...address, body: bodyOf('kept ') })
  const formerKey = await keyOf(registry, address)
  const { body: slow, writing: first } = await writeSlowly(registry, address)
  registry.clock.advance(11 * minutes)
  const digest = digestOf(Buffer.from('kept second'))
  await finishUpload(registry, { ...address, digest, body: bodyOf('second') })
  slow.send('first')
  await assert.rejects(first, refusal('UPLOAD_UNKNOWN'))
  await registry.blobs.write(formerKey, 5, pieces(Buffer.from('late')))
  assert.equal((await contentOf(registry, digest)).toString(), 'kept second')
  registry.clock.advance(11 * minutes)
  await collectStorage(registry, { askedBy: 'request' }, { signal: AbortSignal.timeout(5000) })
  assert.equal((await contentOf(registry, digest)).toString(), 'kept second')
  assert.equal(await registry.blobs.size(formerKey), undefined)
})

test('a writer whose lease was taken over while the upload goes on is told to wait', async (t) => {
  const registry = await testRegistry(t)
  const address = await begin(registry)
  const { body: slow, writing: first } = await writeSlowly(registry, address)
  registry.clock.advance(11 * minutes)
  assert.deepEqual(await appendUpload(registry, { ...address, body: bodyOf('second') }), {
    size: 6,
  })
  const { body: third, writing: next } = await writeSlowly(registry, address)
  slow.send('first')
  await assert.rejects(first, refusal('UPLOAD_BUSY'))
  third.send(' third')
  await third.asked()
  third.send(undefined)
  await next
  const digest = digestOf(Buffer.from('second third'))
  await finishUpload(registry, { ...address, digest })
  assert.equal((await contentOf(registry, digest)).toString(), 'second third')
})

test('a refused close of a loser leaves the bytes of the winner', async (t) => {
  const registry = await testRegistry(t)
  const address = await begin(registry)
  const slow = handFed()
  const wrong = digestOf(Buffer.from('something else'))
  const body = { source: slow.source, keepPartial: false }
  const loser = finishUpload(registry, { ...address, digest: wrong, body })
  await slow.asked()
  slow.send('loser')
  await slow.asked()
  registry.clock.advance(11 * minutes)
  const digest = digestOf(Buffer.from('winner'))
  await finishUpload(registry, { ...address, digest, body: bodyOf('winner') })
  slow.send(undefined)
  await assert.rejects(loser, refusal('UPLOAD_UNKNOWN'))
  registry.clock.advance(11 * minutes)
  await collectStorage(registry, { askedBy: 'request' }, { signal: AbortSignal.timeout(5000) })
  assert.equal((await contentOf(registry, digest)).toString(), 'winner')
})

test('a long reading of what is stored keeps the lease', async (t) => {
  const registry = await testRegistry(t)
  const address = await begin(registry)
  await appendUpload(registry, { ...address, body: bodyOf('first ') })
  const during = { rival: undefined as unknown }
  const blobs: BlobStore = {
    ...registry.blobs,
    async read(...args) {
      const stored: AsyncIterable<Uint8Array> = await registry.blobs.read(...args)
      // The disk takes twelve minutes; a rival asks after eleven of them.
      return Readable.from(
        (async function* () {
          registry.clock.advance(6 * minutes)
          for await (const piece of stored) yield piece
          registry.clock.advance(5 * minutes)
          const rival = appendUpload(registry, { ...address, body: bodyOf('x') })
          during.rival = await rival.catch((error: unknown) => error)
          registry.clock.advance(minutes)
        })(),
      )
    },
  }
  const digest = digestOf(Buffer.from('first last'))
  const slow = { ...registry, blobs, hashes: new LiveHashes() }
  await finishUpload(slow, { ...address, digest, body: bodyOf('last') })
  assert.ok(refusal('UPLOAD_BUSY')(during.rival))
  assert.equal((await contentOf(registry, digest)).toString(), 'first last')
})

for (const [name, damage] of [
  [
    'shorter than acknowledged',
    (blobs: BlobStore, key: StorageKey) => blobs.write(key, 3, pieces()),
  ],
  ['gone', (blobs: BlobStore, key: StorageKey) => blobs.delete(key)],
] as const) {
  test(`an upload whose bytes are ${name} is ended, and no wrong blob is made of it`, async (t) => {
    const registry = await testRegistry(t)
    const address = await begin(registry)
    await appendUpload(registry, { ...address, body: bodyOf('acknowledged') })
    await damage(registry.blobs, await keyOf(registry, address))
    const digest = digestOf(Buffer.from('ack'))
    await assert.rejects(finishUpload(registry, { ...address, digest }), refusal('UPLOAD_UNKNOWN'))
    await assert.rejects(
      appendUpload(registry, { ...address, body: bodyOf(' more') }),
      refusal('UPLOAD_UNKNOWN'),
    )
    await push(registry, Buffer.from('acknowledged'))
  })
}

test('bytes are durable before they are acknowledged, and before a row names them', async (t) => {
  const registry = await testRegistry(t)
  const order: string[] = []
  const blobs: BlobStore = {
    ...registry.blobs,
    async write(...args) {
      const size = await registry.blobs.write(...args)
      order.push(`wrote ${size}`)
      return size
    },
    async sync(key) {
      await registry.blobs.sync(key)
      order.push('synced')
    },
  }
  const deps = { ...registry, blobs }
  const address = await begin(registry)
  await appendUpload(deps, { ...address, body: bodyOf('part') })
  order.push('acknowledged')
  await finishUpload(deps, { ...address, digest: digestOf(Buffer.from('part')) })
  const empty = await begin(registry)
  await finishUpload(deps, { ...empty, digest: digestOf(Buffer.alloc(0)) })
  assert.deepEqual(order, [
    'wrote 4',
    'synced',
    'acknowledged',
    'wrote 4',
    'synced',
    'wrote 0',
    'synced',
  ])
})

for (const [name, failure, told] of [
  ['of the disk', new Error('EIO'), (error: unknown) => String(error).includes('EIO')],
  ['for want of room', new StorageFullError({ cause: 'ENOSPC' }), refusal('STORAGE_FULL')],
] as const) {
  test(`a failed sync ${name} ends the upload: a second one might succeed without the bytes`, async (t) => {
    const registry = await testRegistry(t)
    const blobs: BlobStore = { ...registry.blobs, sync: async () => Promise.reject(failure) }
    const address = await begin(registry)
    const digest = digestOf(Buffer.from('content'))
    const close = { ...address, digest, body: bodyOf('content') }
    await assert.rejects(finishUpload({ ...registry, blobs }, close), told)
    await assert.rejects(finishUpload(registry, { ...address, digest }), refusal('UPLOAD_UNKNOWN'))
    await push(registry, Buffer.from('content'))
  })
}

test('a repeated close says no more that the blob is there when it was deleted', async (t) => {
  const registry = await testRegistry(t)
  const address = await begin(registry)
  const digest = digestOf(Buffer.from('content'))
  await finishUpload(registry, { ...address, digest, body: bodyOf('content') })
  await deleteBlob(registry, { repository: registry.repository, digest })
  await assert.rejects(finishUpload(registry, { ...address, digest }), refusal('UPLOAD_UNKNOWN'))
})

test('a close that loses to the deletion of its repository says that the repository is gone', async (t) => {
  const registry = await testRegistry(t)
  const address = await begin(registry)
  const slow = handFed()
  const digest = digestOf(Buffer.from('content'))
  const body = { source: slow.source, keepPartial: false }
  const closing = finishUpload(registry, { ...address, digest, body })
  await slow.asked()
  await deleteRepository(registry, { repository: registry.repository, force: true })
  slow.send('content')
  await slow.asked()
  slow.send(undefined)
  await assert.rejects(closing, refusal('REPOSITORY_UNKNOWN'))
})

test('a lease that a full disk did not let go of is free as soon as there is room', async (t) => {
  const registry = await testRegistry(t)
  const address = await begin(registry)
  const full = new StorageFullError({ cause: 'ENOSPC' })
  let isFull = false
  const database: Database = {
    ...registry.database,
    transaction: async (work, options) =>
      isFull ? Promise.reject(full) : registry.database.transaction(work, options),
  }
  const blobs: BlobStore = {
    ...registry.blobs,
    write: async () => {
      isFull = true
      return Promise.reject(full)
    },
  }
  const failing = { ...registry, database, blobs }
  await assert.rejects(
    appendUpload(failing, { ...address, body: bodyOf('x') }),
    refusal('STORAGE_FULL'),
  )
  isFull = false
  const digest = digestOf(Buffer.from('content'))
  const close = { ...address, digest, body: bodyOf('content') }
  await finishUpload({ ...failing, blobs: registry.blobs }, close)
})

test('a copy for a take-over that was cut is removed, and one that was used is kept', async (t) => {
  const registry = await testRegistry(t)
  const address = await begin(registry)
  await appendUpload(registry, { ...address, body: bodyOf('kept ') })
  const formerKey = await keyOf(registry, address)
  const { body: slow, writing: first } = await writeSlowly(registry, address)
  registry.clock.advance(11 * minutes)
  // Cut where a kill leaves the copy without an upload that names it.
  const cut = { ...registry.blobs, sync: async () => Promise.reject(new Error('killed')) }
  const taken = appendUpload({ ...registry, blobs: cut }, { ...address, body: bodyOf('x') })
  await assert.rejects(taken, /killed/)
  const digest = digestOf(Buffer.from('kept second'))
  registry.clock.advance(11 * minutes)
  await finishUpload(registry, { ...address, digest, body: bodyOf('second') })
  // The hanging writer still has the former key open.
  await registry.blobs.write(formerKey, 5, pieces(Buffer.from('late')))
  slow.send(undefined)
  await assert.rejects(first, refusal('UPLOAD_UNKNOWN'))
  registry.clock.advance(25 * 60 * minutes)
  // The blob itself has no manifest: its own grace is not what this is about.
  const deps = { ...registry, graceMs: 1000 * 60 * minutes }
  await collectStorage(deps, { askedBy: 'request' }, { signal: new AbortController().signal })
  const keys: string[] = []
  for await (const { key } of registry.blobs.list()) keys.push(key)
  assert.equal(keys.length, 1)
  assert.equal((await contentOf(registry, digest)).toString(), 'kept second')
})

test('the copy of a takeover that fails does not stay', async (t) => {
  const registry = await testRegistry(t)
  const address = await begin(registry)
  await appendUpload(registry, { ...address, body: bodyOf('ab') })
  const { body: silent, writing } = await writeSlowly(registry, address, false)
  registry.clock.advance(11 * minutes)
  const full: TestRegistry = {
    ...registry,
    blobs: {
      ...registry.blobs,
      sync: async () => Promise.reject(new StorageFullError({ cause: 'no space' })),
    },
  }
  const taking = appendUpload(full, { ...address, body: bodyOf('c') })
  await assert.rejects(taking, refusal('STORAGE_FULL'))
  const keys: StorageKey[] = []
  for await (const { key } of registry.blobs.list()) keys.push(key)
  assert.deepEqual(keys, [await keyOf(registry, address)])
  silent.send(undefined)
  await assert.rejects(writing)
})

test('a take-over that cannot be written closes what it was to be read from', async (t) => {
  const registry = await testRegistry(t)
  const address = await begin(registry)
  await appendUpload(registry, { ...address, body: bodyOf('kept ') })
  const { body: slow, writing: first } = await writeSlowly(registry, address)
  registry.clock.advance(11 * minutes)
  const opened: Readable[] = []
  const blobs: BlobStore = {
    ...registry.blobs,
    async read(...args) {
      const stream = await registry.blobs.read(...args)
      opened.push(stream)
      return stream
    },
    write: async () => Promise.reject(new StorageFullError({ cause: 'ENOSPC' })),
  }
  const taken = appendUpload({ ...registry, blobs }, { ...address, body: bodyOf('x') })
  await assert.rejects(taken, refusal('STORAGE_FULL'))
  assert.deepEqual(
    opened.map(({ destroyed }) => destroyed),
    [true],
  )
  slow.send(undefined)
  await assert.rejects(first)
})

test('after a take-over that met a full disk the next one need not wait, and moves away all the same', async (t) => {
  const registry = await testRegistry(t)
  const address = await begin(registry)
  await appendUpload(registry, { ...address, body: bodyOf('kept ') })
  const formerKey = await keyOf(registry, address)
  const { body: slow, writing: hanging } = await writeSlowly(registry, address)
  registry.clock.advance(11 * minutes)
  const full = new StorageFullError({ cause: 'ENOSPC' })
  let transactions = 0
  const database: Database = {
    ...registry.database,
    // The lease is taken, and nothing after it.
    transaction: async (work, options) => {
      transactions += 1
      return transactions === 1
        ? registry.database.transaction(work, options)
        : Promise.reject(full)
    },
  }
  const taken = appendUpload({ ...registry, database }, { ...address, body: bodyOf('x') })
  await assert.rejects(taken, refusal('STORAGE_FULL'))
  const digest = digestOf(Buffer.from('kept second'))
  registry.clock.advance(1)
  await finishUpload(registry, { ...address, digest, body: bodyOf('second') })
  assert.notEqual(await keyOf(registry, address), formerKey)
  slow.send(undefined)
  await assert.rejects(hanging)
})
