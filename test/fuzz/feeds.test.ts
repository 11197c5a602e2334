// Files of feeds in their own forms, altered at will: each converter ends, by records that the import reads or refuses with a
// reason, or by its own error.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { ArchiveError } from '../../src/lib/archive/archive-error.ts'
import { parseStorableAdvisory } from '../../src/scanning/rules/storable-advisory.ts'
import { FeedError } from '../../src/storage/feeds/transport.ts'
import { bytesOfCase, convert, converters, feedCases } from '../kit/feed-cases.ts'
import { alteredBytes, hostileText, inPieces, runs } from './hostile-input.ts'

const sizes = fc.array(fc.integer({ min: 1, max: 3000 }), { minLength: 1, maxLength: 4 })
const limits = { maxValueBytes: 100_000, maxTotalBytes: 2_000_000 }

async function outcome(
  converter: string,
  source: AsyncIterable<Uint8Array> | Buffer,
): Promise<unknown> {
  try {
    return await convert({ converter }, source, limits)
  } catch (error) {
    if (error instanceof FeedError || error instanceof ArchiveError) return error.message
    throw error
  }
}

function readsEveryRecord(read: unknown): void {
  if (typeof read !== 'object' || read === null || !('records' in read)) return
  assert.ok(Array.isArray(read.records))
  for (const record of read.records) {
    const parsed = parseStorableAdvisory(JSON.stringify(record))
    if (parsed.kind === 'rejected') assert.notEqual(parsed.reason, '')
  }
}

for (const converter of Object.keys(converters)) {
  const own = feedCases().filter((one) => one.converter === converter)
  const seeds = own.map(bytesOfCase).filter((bytes) => bytes.length < 20_000)

  test(`${converter}: real files altered, in pieces of any size`, async () => {
    await fc.assert(
      fc.asyncProperty(alteredBytes(...seeds), sizes, async (bytes, pieces) => {
        const whole = await outcome(converter, bytes)
        readsEveryRecord(whole)
        assert.deepEqual(await outcome(converter, inPieces(bytes, pieces)), whole)
      }),
      runs(60),
    )
  })

  test(`${converter}: text of the form’s own pieces`, async () => {
    const words = own.flatMap(
      (one) => bytesOfCase(one).toString('utf8').slice(0, 3000).match(/\S+/g) ?? [],
    )
    const text = fc.array(hostileText('{', '}', '[', ']', ',', ':', '<', '>', ...new Set(words)), {
      maxLength: 8,
    })
    await fc.assert(
      fc.asyncProperty(text, async (parts) => {
        readsEveryRecord(await outcome(converter, Buffer.from(parts.join(''))))
      }),
      runs(60),
    )
  })
}
