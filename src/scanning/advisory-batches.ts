// The records of an import, cut, parsed and gathered into what one transaction writes; memory is bounded by one batch.
import type { Hash } from 'node:crypto'
import { addAbortSignal, type Readable } from 'node:stream'
import { recordLimits } from '../storage/feeds/record-limits.ts'
import { readRecordTexts } from '../storage/feeds/record-texts.ts'
import type { RecordText } from '../storage/feeds/record-text.ts'
import type { ImportTally } from './rules/import-tally.ts'
import {
  parseStorableAdvisory,
  type StorableAdvisory,
  type StorableReading,
} from './rules/storable-advisory.ts'

/** What one transaction writes: some milliseconds, so that a push between two of them does not wait. */
const batchLimits = { rows: 300, bytes: 4 * 1024 ** 2 }

/** Records that were cut already, or those of a file of any known form, whose bytes `hash` is told of. */
export function recordTextsOf(
  { bytes, records }: { readonly bytes?: Readable; readonly records?: AsyncIterable<RecordText> },
  hash: Hash,
  signal: AbortSignal,
): AsyncIterable<RecordText> {
  if (records !== undefined) return records
  if (bytes === undefined) throw new Error('an import without bytes and without records')
  // A source that stalls is left when the import is aborted.
  return readRecordTexts(hashing(addAbortSignal(signal, bytes), hash), recordLimits)
}

async function* hashing(bytes: AsyncIterable<unknown>, hash: Hash): AsyncGenerator<Uint8Array> {
  for await (const piece of bytes) {
    if (!(piece instanceof Uint8Array)) throw new Error('an import of something else than bytes')
    hash.update(piece)
    yield piece
  }
}

interface PlacedAdvisory {
  readonly line: number
  readonly advisory: StorableAdvisory
}

/** Parsed outside of transactions; memory is bounded by one batch. */
export async function* advisoryBatches(
  records: AsyncIterable<RecordText>,
  tally: ImportTally,
  parse: (text: string) => StorableReading = parseStorableAdvisory,
): AsyncGenerator<readonly PlacedAdvisory[]> {
  let batch: PlacedAdvisory[] = []
  let rows = 0
  let bytes = 0
  for await (const record of records) {
    tally.read += 1
    const parsed = record.kind === 'text' ? parse(record.text) : record
    if (parsed.kind !== 'advisory') {
      tally.reject(record.line, parsed.reason)
      continue
    }
    batch.push({ line: record.line, advisory: parsed.advisory })
    rows += 1 + parsed.advisory.packages.length
    bytes += record.kind === 'text' ? record.text.length : 0
    if (rows < batchLimits.rows && bytes < batchLimits.bytes) continue
    yield batch
    batch = []
    rows = 0
    bytes = 0
  }
  if (batch.length > 0) yield batch
}
