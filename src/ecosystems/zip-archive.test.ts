import assert from 'node:assert/strict'
import { test } from 'node:test'
import { zipOf } from '../../test/kit/zip.ts'
import { openZip, type ZipReading } from './zip-archive.ts'

const limits = { entries: 1000, entryBytes: 1_000_000 }

type Outcome = Readonly<Record<string, string>>

/** What each entry gives: its text, or `! reason`; problems of the archive under ''. */
function readAll(bytes: Uint8Array, given: { bytes?: number; entries?: number } = {}): Outcome {
  const budget = { bytes: given.bytes ?? 10_000_000, entries: given.entries ?? 1000 }
  const opening = openZip(bytes, limits, budget)
  if (opening.kind === 'unreadable') return { '': opening.reason }
  const { archive } = opening
  const told = (reading: ZipReading): string =>
    reading.kind === 'bytes' ? Buffer.from(reading.bytes).toString() : `! ${reading.reason}`
  const entries = archive.entries.map((entry) => [entry.name, told(archive.read(entry))])
  const problems = archive.problems.length > 0 ? [['', archive.problems.join('; ')]] : []
  return Object.fromEntries([...problems, ...entries]) as Outcome
}

const two = [
  { name: 'a', content: 'alpha' },
  { name: 'b/ä', content: 'beta', isStored: true },
]
const read = { a: 'alpha', 'b/ä': 'beta' }

test('refuses what is no archive, or the beginning of one', () => {
  assert.match(readAll(Buffer.from(''))[''] ?? '', /no zip archive/)
  assert.match(readAll(Buffer.from('PK\x03\x04 and no more'))[''] ?? '', /no zip archive/)
  assert.match(readAll(zipOf(two).subarray(0, 60))[''] ?? '', /no zip archive/)
})

test('refuses an archive whose directory is not where it says', () => {
  const shifted = zipOf(two).subarray(40)
  assert.match(readAll(shifted)[''] ?? '', /not where it says/)
  const damaged = zipOf(two)
  damaged.writeUInt16LE(900, damaged.length - 22 + 10)
  assert.match(readAll(damaged)[''] ?? '', /central directory is damaged/)
})

test('refuses more entries than are allowed, alone or together with those read before', () => {
  const many = zipOf(
    Array.from({ length: 1001 }, (_, index) => ({ name: `${index}`, content: '' })),
  )
  assert.match(readAll(many)[''] ?? '', /has 1001 entries/)
  assert.match(readAll(zipOf(two), { entries: 1 })[''] ?? '', /has 2 entries, of which 1 are read/)
})

test('refuses entries that are encrypted, of another method, or damaged, and reads the others', () => {
  const bytes = zipOf([...two, { name: 'c', content: 'gamma', isEncrypted: true }])
  assert.deepEqual(readAll(bytes), { ...read, c: '! is encrypted' })
  const odd = zipOf(two)
  odd.writeUInt16LE(12, odd.indexOf('PK\x01\x02') + 10)
  assert.match(readAll(odd)['a'] ?? '', /method 12/)
  const damaged = zipOf(two)
  damaged.writeUInt8(0x42, damaged.indexOf('beta'))
  assert.deepEqual(readAll(damaged), { a: 'alpha', 'b/ä': '! is damaged' })
})

test('refuses an entry that inflates to more or less than it says, and never inflates more', () => {
  const bomb = zipOf([{ name: 'z', content: Buffer.alloc(5_000_000), claimedSize: 10 }])
  assert.deepEqual(readAll(bomb), { z: '! is damaged' })
  assert.deepEqual(readAll(zipOf([{ name: 'z', content: 'x', claimedSize: 9 }])), {
    z: '! is damaged',
  })
  const large = zipOf([{ name: 'z', content: Buffer.alloc(1_000_001) }])
  assert.match(readAll(large)['z'] ?? '', /inflates to 1000001 bytes/)
})

test('stops inflating where the bytes of all archives together are used up', () => {
  const files = ['a', 'b', 'c'].map((name) => ({ name, content: name.repeat(600) }))
  const told = readAll(zipOf(files), { bytes: 1300 })
  assert.equal(told['b'], 'b'.repeat(600))
  assert.match(told['c'] ?? '', /beyond what is inflated/)
})

test('refuses entries that share their bytes, as in a bomb without nesting', () => {
  const bytes = zipOf([...two, { name: 'c', content: 'gamma' }])
  const first = bytes.indexOf('PK\x01\x02')
  const second = bytes.indexOf('PK\x01\x02', first + 1)
  // The second row points at the first file.
  bytes.writeUInt32LE(0, second + 42)
  const told = readAll(bytes)
  assert.match(told[''] ?? '', /2 entries overlap others/)
  assert.match(told['a'] ?? '', /^! overlaps/)
  assert.equal(told['c'], 'gamma')
})

test('refuses an entry that has another name where it begins', () => {
  const bytes = zipOf([{ name: 'innocent.txt', localName: 'lib/log4.jar', content: 'x' }, ...two])
  const told = readAll(bytes)
  assert.match(told[''] ?? '', /1 entries have another name/)
  assert.match(told['innocent.txt'] ?? '', /^! /)
  assert.equal(told['a'], 'alpha')
})

test('reads archives with something before them or a comment behind', () => {
  const plain = zipOf(two)
  assert.deepEqual(readAll(plain), read)
  assert.deepEqual(readAll(Buffer.concat([Buffer.from('#!/bin/sh\nexec java\n'), plain])), read)
  const comment = Buffer.from('made by hand PK\x05\x06')
  const commented = Buffer.concat([plain, comment])
  commented.writeUInt16LE(comment.length, plain.length - 2)
  assert.deepEqual(readAll(commented), read)
})

test('reads the numbers of a zip64 archive', () => {
  const plain = zipOf(two)
  const end = plain.subarray(plain.length - 22)
  const wide = Buffer.alloc(56)
  wide.writeUInt32LE(0x06064b50, 0)
  wide.writeBigUInt64LE(44n, 4)
  wide.writeBigUInt64LE(2n, 24)
  wide.writeBigUInt64LE(2n, 32)
  wide.writeBigUInt64LE(BigInt(end.readUInt32LE(12)), 40)
  wide.writeBigUInt64LE(BigInt(end.readUInt32LE(16)), 48)
  const locator = Buffer.alloc(20)
  locator.writeUInt32LE(0x07064b50, 0)
  locator.writeBigUInt64LE(BigInt(plain.length - 22), 8)
  const narrow = Buffer.from(end)
  narrow.fill(0xff, 8, 20)
  const bytes = Buffer.concat([plain.subarray(0, -22), wide, locator, narrow])
  assert.deepEqual(readAll(bytes), read)
  wide.writeBigUInt64LE(2n ** 60n, 32)
  const absurd = Buffer.concat([plain.subarray(0, -22), wide, locator, narrow])
  assert.match(readAll(absurd)[''] ?? '', /beyond reason/)
})
