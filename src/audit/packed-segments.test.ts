import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { test } from 'node:test'
import fc from 'fast-check'
import { linesOf, memorySegments, type MemorySegments } from '../../test/kit/segments.ts'
import { missing } from '../../test/kit/run.ts'
import { packClosed } from './pack-closed.ts'
import { openPackedSegments } from './packed-segments.ts'

const name = 'audit-00000001-20261124.ndjson'
const packed = `${name}.zst`
const { signal } = new AbortController()

/** Longer than a frame, and not the same everywhere. */
const text = Buffer.from(
  Array.from({ length: 30_000 }, (_, number) => `{"number":${number},"x":"abcdef"}\n`).join(''),
)

async function closed(): Promise<readonly [MemorySegments, ReturnType<typeof openPackedSegments>]> {
  const files = memorySegments(new Map([[name, text]]))
  const store = openPackedSegments(files)
  await store.pack(name, { signal })
  return [files, store]
}

test('a segment that was compressed reads the same at every place, in a tenth of the room', async () => {
  const [files, store] = await closed()
  assert.deepEqual([...files.files.keys()], [packed])
  assert.deepEqual(await store.list(), [{ name, bytes: text.byteLength }])
  const [stored] = await store.stored()
  assert.ok(stored?.isPacked === true)
  assert.ok(stored.storedBytes < text.byteLength / 10, String(stored.storedBytes))
  await fc.assert(
    fc.asyncProperty(fc.nat(text.byteLength + 10), fc.nat(600_000), async (offset, length) => {
      const expected = text.subarray(offset, offset + length)
      assert.deepEqual(await store.read(name, offset, length), Buffer.from(expected))
    }),
    { numRuns: 30 },
  )
  // Another process finds its way too.
  assert.deepEqual(
    await openPackedSegments(files).read(name, 0, text.byteLength),
    Buffer.from(text),
  )
  assert.equal(await store.read('audit-00000009-20261124.ndjson', 0, 1), undefined)
})

test('what was compressed is what zstd reads', { skip: missing('zstd') }, async () => {
  const [files] = await closed()
  const { stdout, stderr } = spawnSync('zstd', ['-dc'], {
    input: files.files.get(packed) ?? '',
    maxBuffer: 2 * text.byteLength,
  })
  assert.ok(stdout.equals(text), stderr.toString())
})

test('a kill at any moment of it loses nothing, and the next time it is finished', async () => {
  const [{ files }] = await closed()
  const whole = files.get(packed) ?? Buffer.alloc(0)
  for (const bytes of [0, 1, 9, 1000, whole.byteLength - 1, whole.byteLength]) {
    const left = memorySegments(
      new Map([
        [name, text],
        [packed, Buffer.from(whole.subarray(0, bytes))],
      ]),
    )
    const store = openPackedSegments(left)
    assert.deepEqual(await store.list(), [{ name, bytes: text.byteLength }], `cut at ${bytes}`)
    assert.deepEqual(await store.read(name, 0, text.byteLength), Buffer.from(text))
    await store.pack(name, { signal })
    assert.deepEqual([...left.files.keys()], [packed])
    assert.deepEqual(await store.read(name, 0, text.byteLength), Buffer.from(text))
  }
})

test('a disk that fills up, or that keeps other bytes than it was given, leaves the text', async () => {
  const full = memorySegments(new Map([[name, text]]))
  full.isFull = true
  await assert.rejects(openPackedSegments(full).pack(name, { signal }), /disk is full/)
  assert.deepEqual([...full.files.keys()], [name])

  const lying = memorySegments(new Map([[name, text]]))
  const damaging = {
    ...lying,
    async create(file: string) {
      const appender = await lying.create(file)
      return {
        ...appender,
        append: async (bytes: Uint8Array) => {
          const other = Buffer.from(bytes)
          if (other.byteLength > 200) other[150] = (other[150] ?? 0) ^ 1
          await appender.append(other)
        },
      }
    },
  }
  await assert.rejects(openPackedSegments(damaging).pack(name, { signal }), /was not the same/)
  assert.deepEqual([...lying.files.keys()], [name])
})

test('a segment that is removed while it is compressed does not come back', async () => {
  const files = memorySegments(new Map([[name, text]]))
  const store = openPackedSegments(files)
  const packing = store.pack(name, { signal })
  await Promise.all([packing, store.remove(name)])
  assert.deepEqual([...files.files.keys()], [])
  await store.pack(name, { signal })
  assert.deepEqual(await store.list(), [])
})

test('what stops early leaves the text, and nothing beside it', async () => {
  const files = memorySegments(new Map([[name, text]]))
  const stopping = new AbortController()
  const packing = openPackedSegments(files).pack(name, { signal: stopping.signal })
  stopping.abort()
  await assert.rejects(packing)
  assert.deepEqual([...files.files.keys()], [name])
})

test('a damaged file is read as it stands, or as question marks: no line of it is one of the log', async () => {
  const [{ files }] = await closed()
  const whole = files.get(packed) ?? Buffer.alloc(0)
  const flipped = Buffer.from(whole)
  flipped[1000] = (flipped[1000] ?? 0) ^ 1
  const inside = openPackedSegments(memorySegments(new Map([[packed, flipped]])))
  const read = await inside.read(name, 0, text.byteLength)
  assert.equal(read?.byteLength, text.byteLength)
  assert.match(read.toString(), /^\?+/)
  const cut = openPackedSegments(
    memorySegments(new Map([[packed, Buffer.from(whole.subarray(0, -1))]])),
  )
  assert.deepEqual(await cut.list(), [{ name, bytes: whole.byteLength - 1 }])
  assert.deepEqual(await cut.read(name, 0, 100), Buffer.from(whole.subarray(0, 100)))
})

test('the newest segment stays as it is, and files of another kind are left alone', async () => {
  const second = 'audit-00000002-20261124.ndjson'
  const files = memorySegments(
    new Map([
      [name, text],
      [second, text],
      ['notes.txt', Buffer.from('x')],
    ]),
  )
  const store = openPackedSegments(files)
  assert.equal(await packClosed(store, { signal }), true)
  assert.equal(await packClosed(store, { signal }), false)
  assert.deepEqual([...files.files.keys()].toSorted(), [packed, second, 'notes.txt'])
  assert.equal((await store.list()).length, 3)
  assert.equal(
    linesOf({ ...files, files: new Map([[packed, files.files.get(packed) ?? text]]) }).length,
    30_000,
  )
})
