import { addAbortSignal, type Readable } from 'node:stream'
import { yieldToEventLoop } from '../lib/yield-to-event-loop.ts'
import { ArchiveError } from '../lib/archive/archive-error.ts'
import { enqueue } from '../jobs/queue.ts'
import { FeedError } from '../storage/feeds/transport.ts'
import { readRecordTexts } from '../storage/feeds/record-texts.ts'
import type { RecordText } from '../storage/feeds/record-text.ts'
import { starterSource, writeAdvisorySource, type AdvisoryOrigin } from './advisory-source-store.ts'
import { publishRevision } from './advisory-state-store.ts'
import { measureSource } from './advisory-store.ts'
import { endAbsentAdvisories } from './end-absent-advisories.ts'
import { isScanningError, scanningError } from './errors.ts'
import {
  abandonImport,
  endImport,
  inImport,
  takeImportLease,
  type ImportDeps,
  type ImportLease,
} from './import-lease.ts'
import { recordAdvisory } from './record-advisory.ts'
import { reevaluateJob } from './reevaluate-packages.ts'
import { ImportTally, type LineNotes } from './rules/import-tally.ts'
import { parseStorableAdvisory, type StorableAdvisory } from './rules/storable-advisory.ts'

export interface AdvisoryImport {
  readonly source: string
  readonly origin: AdvisoryOrigin
  /** Records in a file of any of the known forms, or records cut already. */
  readonly bytes?: Readable
  readonly records?: AsyncIterable<RecordText>
  /** The whole state of the source: what is absent is not in force any more. */
  readonly snapshot: boolean
  /** Accepts a snapshot that lacks a large part of what the source had. */
  readonly confirmLoss?: boolean
  /** Names the state of the origin's file, for the next conditional fetch. */
  readonly validator?: string
}

export interface AdvisoryImportResult {
  readonly source: string
  readonly read: number
  readonly added: number
  readonly changed: number
  readonly unchanged: number
  readonly removed: number
  /** Absent from the snapshot but kept, since records of it could not be read. */
  readonly withheld: number
  readonly rejected: LineNotes
  readonly duplicates: LineNotes
  /** The revision in force after the import; the former one when nothing changed. */
  readonly revision: number
  readonly durationMs: number
}

export interface ImportOptions {
  readonly signal: AbortSignal
  readonly onProgress?: (progress: { readonly read: number }) => void
}

/** OSV's longest records are below 1 MiB; all of OSV is below 10 GiB. */
export const advisoryLimits = { maxRecordBytes: 8 * 1024 ** 2, maxTotalBytes: 16 * 1024 ** 3 }
/** What one transaction writes: some milliseconds, so that a push between two of them does not wait. */
const batchLimits = { rows: 300, bytes: 4 * 1024 ** 2 }
export const reevaluationPriority = 50

/**
 * Brings a file of advisories in: records are written in short transactions of a revision that nobody sees, and become
 * visible, all of them, by the last one. An import that fails or is aborted leaves what was in force before.
 */
export async function importAdvisories(
  deps: ImportDeps,
  input: AdvisoryImport,
  options: ImportOptions,
): Promise<AdvisoryImportResult> {
  if (input.source === starterSource && input.origin !== 'starter') {
    throw scanningError('ADVISORY_SOURCE_RESERVED', `the source name "${starterSource}" is taken`)
  }
  const startedAt = deps.clock.now()
  const lease = await takeImportLease(deps, { takeOver: false })
  const tally = new ImportTally()
  try {
    await writeRecords(deps, { lease, input, tally }, options)
    if (tally.accepted === 0) throw nothingReadable(tally)
    const absent = input.snapshot
      ? await endAbsentAdvisories(deps, { lease, input, tally }, options)
      : { removed: 0, withheld: 0 }
    const revision = await publish(deps, { lease, input, tally, removed: absent.removed })
    const durationMs = deps.clock.now().getTime() - startedAt.getTime()
    return { source: input.source, ...tally.counts(), ...absent, revision, durationMs }
  } catch (error) {
    const cause = asRefusal(error)
    await cleanUp(deps, lease, cause)
    throw cause
  }
}

/** Not where somebody else took over: the pending revision is theirs. */
async function cleanUp(deps: ImportDeps, lease: ImportLease, cause: unknown): Promise<void> {
  if (isScanningError(cause) && cause.code === 'ADVISORIES_INTERRUPTED') return
  try {
    await abandonImport(deps, lease)
  } catch (error) {
    const message = 'an import failed, and its rows are left for the next one to remove'
    throw new AggregateError([cause, error], message, { cause: error })
  }
}

interface Running {
  readonly lease: ImportLease
  readonly input: AdvisoryImport
  readonly tally: ImportTally
}

async function writeRecords(
  deps: ImportDeps,
  { lease, input, tally }: Running,
  { signal, onProgress }: ImportOptions,
): Promise<void> {
  const target = {
    source: input.source,
    revision: lease.revision,
    isSnapshot: input.snapshot,
  }
  for await (const batch of batches(recordsOf(input, signal), tally)) {
    signal.throwIfAborted()
    await inImport(deps, lease, async (tx) => {
      for (const { line, advisory } of batch) {
        tally.count(line, advisory.key, await recordAdvisory(tx, advisory, target))
      }
    })
    onProgress?.({ read: tally.read })
    await yieldToEventLoop()
  }
  signal.throwIfAborted()
}

function recordsOf(
  { bytes, records }: AdvisoryImport,
  signal: AbortSignal,
): AsyncIterable<RecordText> {
  if (records !== undefined) return records
  if (bytes === undefined) throw new Error('an import without bytes and without records')
  // A source that stalls is left when the import is aborted.
  return readRecordTexts(addAbortSignal(signal, bytes), advisoryLimits)
}

interface PlacedAdvisory {
  readonly line: number
  readonly advisory: StorableAdvisory
}

/** Parsed outside of transactions; memory is bounded by one batch. */
async function* batches(
  records: AsyncIterable<RecordText>,
  tally: ImportTally,
): AsyncGenerator<readonly PlacedAdvisory[]> {
  let batch: PlacedAdvisory[] = []
  let rows = 0
  let bytes = 0
  for await (const record of records) {
    tally.read += 1
    const parsed = record.kind === 'text' ? parseStorableAdvisory(record.text) : record
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

/** The one small transaction that makes everything visible, or says that there was nothing new. */
async function publish(
  deps: ImportDeps,
  { lease, input, tally, removed }: Running & { readonly removed: number },
): Promise<number> {
  const measured = await measureSource(deps.database, input.source)
  const { added, changed } = tally.counts()
  const hasChanges = added + changed + removed > 0
  const now = deps.clock.now()
  const { source, origin } = input
  await inImport(deps, lease, async (tx) => {
    await writeAdvisorySource(
      tx,
      { name: source, origin, ...measured, validator: input.validator },
      now,
    )
    await endImport(tx)
    if (!hasChanges) return
    const { revision } = lease
    await publishRevision(tx, { revision, source, origin, added, changed, removed }, now)
    const job = { kind: reevaluateJob, key: String(revision), input: { revision } }
    await enqueue(tx, { ...job, priority: reevaluationPriority }, now)
  })
  return hasChanges ? lease.revision : lease.revision - 1
}

function nothingReadable(tally: ImportTally): Error {
  const [first] = tally.counts().rejected.first
  const why = first === undefined ? 'it has no records' : `line ${first.line}: ${first.reason}`
  return scanningError('ADVISORIES_UNREADABLE', `no advisory could be read: ${why}`)
}

function asRefusal(error: unknown): unknown {
  if (!(error instanceof FeedError) && !(error instanceof ArchiveError)) return error
  return scanningError('ADVISORIES_UNREADABLE', error.message, {}, { cause: error })
}
