import assert from 'node:assert/strict'
import { test } from 'node:test'
import { constants, gzipSync, zstdCompressSync } from 'node:zlib'
import fc from 'fast-check'
import { file, tar } from '../../../test/kit/tar-builder.ts'
import { ArchiveError } from './archive-error.ts'
import { decompress } from './decompress.ts'

async function* chunksOf(bytes: Uint8Array, step: number): AsyncGenerator<Uint8Array> {
  for (let at = 0; at < bytes.length; at += step) yield bytes.subarray(at, at + step)
}

type Outcome = { readonly text: string; readonly fault?: string } | { readonly unsupported: string }

async function read(bytes: Uint8Array, step = 64 * 1024): Promise<Outcome> {
  const opened = await decompress(chunksOf(bytes, step))
  if (opened.kind === 'unsupported') return { unsupported: opened.format }
  const parts: Uint8Array[] = []
  try {
    for await (const chunk of opened.chunks) parts.push(chunk)
  } catch (error) {
    if (!(error instanceof ArchiveError)) throw error
    return { text: Buffer.concat(parts).toString('latin1'), fault: error.fault }
  }
  return { text: Buffer.concat(parts).toString('latin1') }
}

function skippable(content: string, kind = 0): Buffer {
  const head = Buffer.from([0x50 + kind, 0x2a, 0x4d, 0x18, 0, 0, 0, 0])
  head.writeUInt32LE(content.length, 4)
  return Buffer.concat([head, Buffer.from(content)])
}

const checksummed = { params: { [constants.ZSTD_c_checksumFlag]: 1 } }
const large = Buffer.from(Array.from({ length: 400_000 }, (_, index) => (index * index) >> 7))
const manyFrames = Buffer.concat([
  skippable('seek table'),
  zstdCompressSync('hello |'),
  skippable(''),
  zstdCompressSync('', checksummed),
  zstdCompressSync(large, checksummed),
  skippable('x'.repeat(300), 15),
  zstdCompressSync(Buffer.alloc(300_000, 'z')),
  zstdCompressSync('| world'),
  skippable('end'),
])
const manyFramesText = `hello |${large.toString('latin1')}${'z'.repeat(300_000)}| world`

test('decodes every zstd frame, not the first one only', async () => {
  assert.deepEqual(await read(manyFrames), { text: manyFramesText })
})

test('decodes the same zstd frames whatever the chunks are', async () => {
  for (const step of [1000, 4096, 65_537, manyFrames.length])
    assert.deepEqual(await read(manyFrames, step), { text: manyFramesText }, `step ${step}`)
  const small = Buffer.concat([
    skippable('ab'),
    zstdCompressSync('hello '),
    zstdCompressSync('world'),
  ])
  for (let step = 1; step <= small.length; step++)
    assert.deepEqual(await read(small, step), { text: 'hello world' }, `step ${step}`)
})

test('refuses a zstd stream that ends inside a frame or between its magic and its end', async () => {
  const two = Buffer.concat([zstdCompressSync('hello ', checksummed), zstdCompressSync('world')])
  const boundary = zstdCompressSync('hello ', checksummed).length
  for (let length = 4; length < two.length; length++) {
    const outcome = await read(two.subarray(0, length))
    const fault = 'fault' in outcome ? outcome.fault : undefined
    assert.equal(fault, length === boundary ? undefined : 'truncated', `length ${length}`)
  }
})

test('refuses foreign bytes after zstd frames', async () => {
  const outcome = await read(Buffer.concat([zstdCompressSync('a'), Buffer.from('garbage')]))
  assert.deepEqual('fault' in outcome && outcome.fault, 'malformed')
})

test('refuses a damaged zstd frame', async () => {
  const damaged = zstdCompressSync(large, checksummed)
  damaged[damaged.length - 2] = (damaged[damaged.length - 2] ?? 0) ^ 1
  const outcome = await read(damaged)
  assert.deepEqual('fault' in outcome && outcome.fault, 'malformed')
})

test('refuses a zstd window above 128 MiB before it costs memory', async () => {
  // Window descriptor (18 << 3): 2^28 bytes; then one empty last block.
  const frame = Buffer.from([0x28, 0xb5, 0x2f, 0xfd, 0x00, 18 << 3, 0x01, 0x00, 0x00])
  assert.deepEqual(await read(frame), { text: '', fault: 'window-too-large' })
})

test('decodes gzip members and ignores zero padding', async () => {
  const members = Buffer.concat([
    gzipSync('hello '),
    gzipSync(''),
    gzipSync('world'),
    Buffer.alloc(99),
  ])
  for (const step of [1, 7, 1000])
    assert.deepEqual(await read(members, step), { text: 'hello world' })
})

test('refuses truncated and damaged gzip, and foreign bytes after it', async () => {
  const whole = gzipSync(large)
  const cases = [
    { bytes: whole.subarray(0, whole.length - 1), fault: 'truncated' },
    { bytes: whole.subarray(0, 1000), fault: 'truncated' },
    { bytes: Buffer.concat([whole, Buffer.from('garbage')]), fault: 'malformed' },
    { bytes: Buffer.concat([whole.subarray(0, 900), whole.subarray(901)]), fault: 'malformed' },
  ]
  for (const { bytes, fault } of cases) {
    const outcome = await read(bytes)
    assert.deepEqual('fault' in outcome && outcome.fault, fault)
  }
})

test('passes a plain tar through, also an empty one', async () => {
  const plain = tar(file('a', 'x'))
  assert.deepEqual(await read(plain, 100), { text: plain.toString('latin1') })
  assert.deepEqual(await read(Buffer.alloc(1024)), { text: '\0'.repeat(1024) })
})

test('names what it does not read', async () => {
  const start = (bytes: readonly number[]): Buffer =>
    Buffer.concat([Buffer.from(bytes), Buffer.alloc(600, 1)])
  assert.deepEqual(await read(start([0xfd, 0x37, 0x7a, 0x58, 0x5a, 0])), { unsupported: 'xz' })
  assert.deepEqual(await read(start([0x42, 0x5a, 0x68])), { unsupported: 'bzip2' })
  assert.deepEqual(await read(Buffer.from('{"not": "a layer"}')), { unsupported: 'unknown' })
  assert.deepEqual(await read(Buffer.alloc(0)), { unsupported: 'empty' })
})

test('closes its source when nobody reads on', async () => {
  let isClosed = false
  async function* source(): AsyncGenerator<Uint8Array> {
    try {
      for (;;) yield gzipSync(large)
    } finally {
      isClosed = true
    }
  }
  const opened = await decompress(source())
  assert.equal(opened.kind, 'bytes')
  if (opened.kind === 'bytes') for await (const chunk of opened.chunks) if (chunk.length > 0) break
  await new Promise((resolve) => setImmediate(resolve))
  assert.equal(isClosed, true)
})

test('damaged streams end in a value', async () => {
  const seeds = [manyFrames.subarray(0, 5000), gzipSync('x'.repeat(5000)), tar(file('a', 'b'))]
  const mutation = fc.tuple(
    fc.nat(2),
    fc.array(fc.tuple(fc.nat(6000), fc.nat(255)), { maxLength: 4 }),
  )
  await fc.assert(
    fc.asyncProperty(mutation, async ([seed, changes]) => {
      const bytes = Buffer.from(seeds[seed] ?? [])
      for (const [at, byte] of changes) bytes[at % bytes.length] = byte
      await read(bytes, 997)
    }),
    { numRuns: 150 },
  )
})
