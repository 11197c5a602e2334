import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { ArchiveError } from './archive-error.ts'
import { decodeBzip2 } from './bzip2.ts'

/** As bzip2 1.0 wrote them. */
const hello = Buffer.from(
  'QlpoOTFBWSZTWctS5WcAAAVRAAAQQAQCRKAAISQxCGAvGETHFReLuSKcKEhlqXKzgA==',
  'base64',
)
const runs = Buffer.from(
  'QlpoOTFBWSZTWbyZy6MAAALBAcAAPgAAgAAIIAAxDAgSRD9Kc7Y+CWjMY3ZiG/F3JFOFCQvJnLow',
  'base64',
)
const empty = Buffer.from('QlpoORdyRThQkAAAAAA=', 'base64')

async function* piecesOf(bytes: Uint8Array, step: number): AsyncGenerator<Uint8Array> {
  for (let at = 0; at < bytes.length; at += step)
    yield await Promise.resolve(bytes.subarray(at, at + step))
}

async function decode(bytes: Uint8Array, step = 64 * 1024): Promise<string> {
  const parts: Uint8Array[] = []
  for await (const part of decodeBzip2(piecesOf(bytes, step))) parts.push(part)
  return Buffer.concat(parts).toString('latin1')
}

const longRuns = `${'a'.repeat(1000)}bbbcccc${'d'.repeat(259)}e`

test('decodes a stream, runs of one byte, an empty one, and several joined', async () => {
  assert.equal(await decode(hello), 'hello, hello, hello\n')
  assert.equal(await decode(runs), longRuns)
  assert.equal(await decode(empty), '')
  const joined = Buffer.concat([runs, empty, hello])
  for (const step of [1, 7, 10_000])
    assert.equal(await decode(joined, step), `${longRuns}hello, hello, hello\n`)
})

test('refuses what is no bzip2, what follows the end, and an end inside', async () => {
  await assert.rejects(decode(Buffer.from('BZx')), ArchiveError)
  await assert.rejects(decode(Buffer.from('no archive at all')), /not bzip2/)
  await assert.rejects(decode(Buffer.concat([hello, Buffer.from('more')])), /other bytes follow/)
  for (let size = 1; size < runs.length; size += 1)
    await assert.rejects(decode(runs.subarray(0, size)), ArchiveError)
})

test('refuses other checksums', async () => {
  for (const at of [10, hello.length - 5]) {
    const damaged = Buffer.from(hello)
    damaged[at] = (damaged[at] ?? 0) ^ 1
    await assert.rejects(decode(damaged), /checksum/)
  }
})

test('any damage ends in an ArchiveError, never in other bytes', async () => {
  const place = fc.nat({ max: runs.length * 8 - 1 })
  await fc.assert(
    fc.asyncProperty(fc.uniqueArray(place, { minLength: 1, maxLength: 4 }), async (bits) => {
      const damaged = Buffer.from(runs)
      for (const bit of bits) damaged[bit >> 3] = (damaged[bit >> 3] ?? 0) ^ (0x80 >> (bit & 7))
      try {
        // The level, and the last bits of the last byte, say nothing of the content.
        assert.equal(await decode(damaged), longRuns)
      } catch (error) {
        assert.ok(error instanceof ArchiveError, String(error))
      }
    }),
    { numRuns: 300 },
  )
})
