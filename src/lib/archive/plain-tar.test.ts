import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import {
  file,
  folder,
  gnuLong,
  hardlink,
  pax,
  symlink,
  tar,
} from '../../../test/kit/tar-builder.ts'
import { ArchiveError } from './archive-error.ts'
import { plainTarHeader, readPlainTar, tarEnd, tarPadding } from './plain-tar.ts'
import { parseTarHeader } from './tar-header.ts'

async function* chunked(bytes: Buffer, size: number): AsyncGenerator<Uint8Array> {
  for (let at = 0; at < bytes.length; at += size)
    yield await Promise.resolve(bytes.subarray(at, at + size))
}

async function read(bytes: Buffer, size = 700): Promise<readonly (readonly [string, string])[]> {
  const found: (readonly [string, string])[] = []
  for await (const entry of readPlainTar(chunked(bytes, size))) {
    const pieces: Uint8Array[] = []
    for await (const piece of entry.bytes) pieces.push(Buffer.from(piece))
    found.push([entry.name, Buffer.concat(pieces).toString('latin1')])
  }
  return found
}

function write(files: readonly (readonly [string, string])[]): Buffer {
  const parts = files.flatMap(([name, content]) => {
    const bytes = Buffer.from(content, 'latin1')
    return [plainTarHeader(name, bytes.length), bytes, tarPadding(bytes.length)]
  })
  return Buffer.concat([...parts, tarEnd()])
}

test('what is written is read, however the bytes are cut', async () => {
  const name = fc.stringMatching(/^[a-z0-9./]{1,100}$/)
  const content = fc.string({ maxLength: 3000, unit: fc.constantFrom('a', '\0', 'ÿ') })
  const files = fc.array(fc.tuple(name, content), { maxLength: 6 })
  await fc.assert(
    fc.asyncProperty(files, fc.integer({ min: 1, max: 5000 }), async (wanted, size) => {
      assert.deepEqual(await read(write(wanted), size), wanted)
    }),
    { numRuns: 60 },
  )
})

test('a size of 8 GiB and more is written so that other readers know it', () => {
  for (const size of [0, 8 ** 11 - 1, 8 ** 11, 2 ** 45 + 3]) {
    const header = parseTarHeader(plainTarHeader('blobs/x', size))
    assert.equal(typeof header === 'string' ? header : header.size, size)
  }
})

test('content that nobody reads is passed over', async () => {
  const names: string[] = []
  const bytes = write([
    ['a', 'x'.repeat(2000)],
    ['b', 'y'],
  ])
  for await (const entry of readPlainTar(chunked(bytes, 100))) names.push(entry.name)
  assert.deepEqual(names, ['a', 'b'])
})

for (const [what, entry] of [
  ['a link', symlink('pratique.db', '/etc/passwd')],
  ['a hard link', hardlink('pratique.db', '/etc/passwd')],
  ['a folder', folder('blobs')],
  ['a device', { name: 'null', type: '3' }],
  ['a long name', gnuLong('L', 'x'.repeat(300))],
  ['an extension of any size', { ...pax([['size', '1']]), size: 1024 ** 4 }],
  ['a wrong checksum', { ...file('a', 'b'), checksum: '0000000\0' }],
] as const) {
  test(`refused: ${what}`, async () => {
    await assert.rejects(read(tar(entry)), ArchiveError)
  })
}

test('an early end is told, at any place', async () => {
  const whole = write([
    ['a', 'x'.repeat(700)],
    ['b', 'y'],
  ])
  for (let length = 0; length < whole.length - 1024; length += 97)
    await assert.rejects(read(whole.subarray(0, length)), { fault: 'truncated' })
})
