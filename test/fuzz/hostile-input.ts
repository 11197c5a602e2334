// Input as an attacker makes it: real bytes, altered; text of the grammar's own characters, and of those that break parsers.
import fc from 'fast-check'
import { fuzzRuns, fuzzSeed } from '../kit/fuzz-runs.ts'

/** For fc.assert: as many runs as asked for, from the seed of this test run. */
export function runs(usual: number): { readonly numRuns: number; readonly seed: number } {
  return { numRuns: fuzzRuns(usual), seed: fuzzSeed() }
}

const troublesome = [
  '',
  '\0',
  '%',
  '%00',
  '%2f',
  '%zz',
  '..',
  '//',
  '\\',
  '\r\n',
  '\uFEFF',
  '\uD800',
  '\uDFFF',
  'ſ',
  'İ',
  '__proto__',
  'constructor',
  'toString',
  '-1',
  '0',
  '-0',
  '1e999',
  '9007199254740993',
  '99999999999999999999',
  'NaN',
  ':',
  '"',
  "'",
  '<',
  ',',
  ';',
  '=',
  '*',
  '{"a":1,"a":2}',
  '[[[[',
  'a'.repeat(5000),
  'é'.repeat(300),
] as const

/** Pieces of the grammar and troublesome ones, put together in any order; now and then any text at all. */
export function hostileText(...pieces: readonly string[]): fc.Arbitrary<string> {
  const piece = fc.oneof(
    { weight: 6, arbitrary: fc.constantFrom(...pieces) },
    { weight: 2, arbitrary: fc.constantFrom(...troublesome) },
    { weight: 1, arbitrary: fc.string({ unit: 'binary', maxLength: 12 }) },
  )
  return fc.array(piece, { maxLength: 12 }).map((parts) => parts.join(''))
}

type Edit = (bytes: Buffer) => Buffer

const place = fc.double({ min: 0, max: 1, noNaN: true })
const edit: fc.Arbitrary<Edit> = fc.oneof(
  fc
    .tuple(place, fc.integer({ min: 0, max: 255 }))
    .map(([at, value]) => changed((bytes, index) => (bytes[index] = value), at)),
  fc
    .tuple(place, fc.integer({ min: 0, max: 7 }))
    .map(([at, bit]) =>
      changed((bytes, index) => (bytes[index] = (bytes[index] ?? 0) ^ (1 << bit)), at),
    ),
  place.map(
    (at): Edit =>
      (bytes) =>
        bytes.subarray(0, Math.floor(at * bytes.length)),
  ),
  fc.tuple(place, place).map(([from, to]): Edit => (bytes) => {
    const [start, end] = [from, to]
      .map((at) => Math.floor(at * bytes.length))
      .toSorted((a, b) => a - b)
    return Buffer.concat([bytes.subarray(0, start), bytes.subarray(end)])
  }),
  fc.tuple(place, place, place).map(([from, to, into]): Edit => (bytes) => {
    const [start = 0, end = 0] = [from, to]
      .map((at) => Math.floor(at * bytes.length))
      .toSorted((a, b) => a - b)
    const at = Math.floor(into * bytes.length)
    const copied = bytes.subarray(start, Math.min(end, start + 2000))
    return Buffer.concat([bytes.subarray(0, at), copied, bytes.subarray(at)])
  }),
  fc.tuple(place, fc.constantFrom(...troublesome)).map(([at, text]): Edit => (bytes) => {
    const index = Math.floor(at * bytes.length)
    return Buffer.concat([bytes.subarray(0, index), Buffer.from(text), bytes.subarray(index)])
  }),
)

function changed(change: (bytes: Buffer, index: number) => unknown, at: number): Edit {
  return (bytes) => {
    const copy = Buffer.from(bytes)
    if (copy.length > 0) change(copy, Math.min(copy.length - 1, Math.floor(at * copy.length)))
    return copy
  }
}

/** One of the seeds, altered in up to six places; sometimes as it is, sometimes bytes of no form. */
export function alteredBytes(...seeds: readonly Buffer[]): fc.Arbitrary<Buffer> {
  return fc.oneof(
    {
      weight: 9,
      arbitrary: fc
        .tuple(fc.constantFrom(...seeds), fc.array(edit, { maxLength: 6 }))
        .map(([seed, edits]) => edits.reduce((bytes, apply) => apply(bytes), seed)),
    },
    { weight: 1, arbitrary: fc.uint8Array({ maxLength: 600 }).map((bytes) => Buffer.from(bytes)) },
  )
}

/** The same bytes in pieces of any sizes. */
export async function* inPieces(
  bytes: Buffer,
  sizes: readonly number[],
): AsyncGenerator<Uint8Array> {
  for (let at = 0, turn = 0; at < bytes.length; turn += 1) {
    const size = Math.max(1, sizes[turn % Math.max(1, sizes.length)] ?? bytes.length)
    yield await Promise.resolve(bytes.subarray(at, at + size))
    at += size
  }
}

/** JSON text of a document whose members are right, wrong, missing or of another type. */
export function document(
  members: Readonly<Record<string, fc.Arbitrary<unknown>>>,
): fc.Arbitrary<Readonly<Record<string, unknown>>> {
  const loose = Object.entries(members).map(
    ([name, arbitrary]) =>
      [
        name,
        fc.oneof(
          { weight: 7, arbitrary },
          { weight: 1, arbitrary: fc.jsonValue({ maxDepth: 3 }) },
          { weight: 1, arbitrary: fc.constantFrom<unknown>(...troublesome, 1e21, -1, [], {}) },
        ),
      ] as const,
  )
  return fc.record(Object.fromEntries(loose), { requiredKeys: [] })
}
