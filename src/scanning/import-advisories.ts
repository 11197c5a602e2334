import { createHash, type Hash } from 'node:crypto'
import type { Readable } from 'node:stream'
import { yieldToEventLoop } from '../lib/yield-to-event-loop.ts'
import { ArchiveError } from '../lib/archive/archive-error.ts'
import { enqueue } from '../jobs/queue.ts'
import { FeedError } from '../storage/feeds/transport.ts'
import type { RecordText } from '../storage/feeds/record-text.ts'
import { advisoryBatches, recordTextsOf } from './advisory-batches.ts'
import type { SqlWriter } from '../storage/database/database.ts'
import { publishAbsences } from './advisory-absence-store.ts'
import {
  findAdvisorySource,
  starterSource,
  writeAdvisorySource,
  type AdvisoryOrigin,
} from './advisory-source-store.ts'
import { publishRevision } from './advisory-state-store.ts'
import { measureSource } from './advisory-store.ts'
import { endAbsentAdvisories, endDeletedAdvisories } from './end-absent-advisories.ts'
import { isScanningError, scanningError } from './errors.ts'
import { freezeReleases, publishReleases, refuseLossOfReturned } from './freeze-releases.ts'
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
import type { StorableReading } from './rules/storable-advisory.ts'
import { suspicionOf } from './rules/suspect-state.ts'
import { compareEcosystems, type EcosystemChanges } from './rules/vanished-ecosystems.ts'
import { listSourceEcosystems } from './source-ecosystem-store.ts'

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
  /** Ids of records of which the origin itself says that it deleted them. */
  readonly deleted?: Iterable<string> | AsyncIterable<string>
  /**
   * What is given are all differences to the state of this revision, whatever the dates of the records; refused when another
   * revision is in force.
   */
  readonly since?: number
  /** How a text is read; by default as an OSV record. */
  readonly parse?: (text: string) => StorableReading
  /** Written in the transaction that makes the import visible. */
  readonly onPublish?: (tx: SqlWriter) => Promise<void>
  /** Names the state of the file, for whoever keeps count. */
  readonly validator?: string
}

export interface AdvisoryImportResult {
  readonly source: string
  readonly read: number
  readonly added: number
  readonly changed: number
  readonly unchanged: number
  readonly removed: number
  /** Absent from the snapshot but kept: records of it could not be read, or a feed has yet to say it again. */
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
  const running = { lease, input, tally: new ImportTally(), hash: createHash('sha256') }
  const { tally } = running
  try {
    requireSince(input, lease)
    await writeRecords(deps, running, options)
    const isEmpty = tally.accepted === 0 && (input.snapshot || tally.read > 0)
    if (isEmpty) throw nothingReadable(tally)
    await refuseSuspect(deps, input, tally)
    const ended = await endRecords(deps, running, options)
    const revision = await publish(deps, { ...running, ...ended })
    const durationMs = deps.clock.now().getTime() - startedAt.getTime()
    const { removed, withheld } = ended
    return { source: input.source, ...tally.counts(), removed, withheld, revision, durationMs }
  } catch (error) {
    const cause = asRefusal(error)
    await cleanUp(deps, lease, cause)
    throw cause
  }
}

/** What a feed says is looked at before it is believed; what a person imports is theirs to judge. */
async function refuseSuspect(
  { database }: ImportDeps,
  { source, origin, snapshot: isWhole, confirmLoss }: AdvisoryImport,
  tally: ImportTally,
): Promise<void> {
  if (origin !== 'feed' || confirmLoss === true) return
  const newestBefore = (await findAdvisorySource(database, source))?.newestModified
  const { read, unreadable, newest } = tally
  const firstReason = tally.counts().rejected.first[0]?.reason
  const suspicion = suspicionOf({ read, unreadable, firstReason, isWhole, newest, newestBefore })
  if (suspicion !== undefined) throw scanningError(suspicion.code, suspicion.message)
}

interface Ended {
  readonly removed: number
  readonly withheld: number
  readonly releases: EcosystemChanges
}

/** Differences are true of one state only, and another import may have come in between. */
function requireSince({ since }: AdvisoryImport, { revision }: ImportLease): void {
  if (since === undefined || since === revision - 1) return
  const message = 'another import changed the state that the differences are held against'
  throw scanningError('ADVISORIES_INTERRUPTED', message)
}

async function endRecords(
  deps: ImportDeps,
  { lease, input, tally }: Running,
  options: ImportOptions,
): Promise<Ended> {
  const { source, origin, snapshot, deleted = [], confirmLoss = false } = input
  const tombstones = await endDeletedAdvisories(deps, { lease, source }, deleted, options)
  if (!snapshot) return { removed: tombstones, withheld: 0, releases: noReleases }
  const releases = origin === 'feed' ? await compareReleases(deps, source, tally) : noReleases
  if (!confirmLoss) {
    const recordsOf = (ecosystem: string): number => tally.recordsOf(ecosystem)
    await refuseLossOfReturned(deps, { source, returned: releases.returned, recordsOf })
  }
  // Before the records about it end.
  await freezeReleases(deps, lease, { source, changes: releases }, options)
  const removesAtOnce = origin !== 'feed' || confirmLoss
  const absence = { lease, tally, input: { ...input, removesAtOnce }, gone: releases.gone }
  const { removed, withheld } = await endAbsentAdvisories(deps, absence, options)
  return { removed: removed + tombstones, withheld, releases }
}

const noReleases: EcosystemChanges = { vanished: [], gone: [], returned: [] }

async function compareReleases(
  { database }: ImportDeps,
  source: string,
  tally: ImportTally,
): Promise<EcosystemChanges> {
  const known = await listSourceEcosystems(database, source)
  return compareEcosystems(
    known.map(({ ecosystem, frozenAt }) => ({ ecosystem, isFrozen: frozenAt !== undefined })),
    tally.ecosystems,
  )
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
  /** Of the bytes read so far. */
  readonly hash: Hash
}

async function writeRecords(
  deps: ImportDeps,
  { lease, input, tally, hash }: Running,
  { signal, onProgress }: ImportOptions,
): Promise<void> {
  const target = {
    source: input.source,
    revision: lease.revision,
    isSnapshot: input.snapshot || input.since !== undefined,
  }
  for await (const batch of advisoryBatches(
    recordTextsOf(input, hash, signal),
    tally,
    input.parse,
  )) {
    signal.throwIfAborted()
    await inImport(deps, lease, async (tx) => {
      for (const { line, advisory } of batch) {
        tally.see(
          advisory.modified,
          advisory.packages.map(({ ecosystem }) => ecosystem),
        )
        tally.count(line, advisory.key, await recordAdvisory(tx, advisory, target))
      }
    })
    onProgress?.({ read: tally.read })
    await yieldToEventLoop()
  }
  signal.throwIfAborted()
}

/** Names the file that was imported as a whole and without a complaint, so that it need not be sent again. */
function validatorOf({ input, tally, hash }: Running, withheld: number): string | undefined {
  if (input.validator !== undefined) return input.validator
  const isWhole = input.bytes !== undefined && input.snapshot
  return isWhole && tally.rejected + withheld === 0 ? hash.copy().digest('hex') : undefined
}

/** The one small transaction that makes everything visible, or says that there was nothing new. */
async function publish(deps: ImportDeps, running: Running & Ended): Promise<number> {
  const { lease, input, tally, removed, withheld, releases } = running
  const measured = await measureSource(deps.database, input.source)
  const { added, changed } = tally.counts()
  const moved = releases.vanished.length + releases.returned.length
  const hasChanges = added + changed + removed + moved > 0
  const now = deps.clock.now()
  const { source, origin } = input
  const step = async (tx: SqlWriter): Promise<void> => {
    await writeAdvisorySource(
      tx,
      { name: source, origin, ...measured, validator: validatorOf(running, withheld) },
      now,
    )
    await input.onPublish?.(tx)
    await endImport(tx)
    if (origin === 'feed' && input.snapshot) {
      await publishAbsences(tx, source, now)
      await publishReleases(tx, { source, present: tally.ecosystems, changes: releases }, now)
    }
    if (!hasChanges) return
    const { revision } = lease
    await publishRevision(tx, { revision, source, origin, added, changed, removed }, now)
    const job = { kind: reevaluateJob, key: String(revision), input: { revision } }
    await enqueue(tx, { ...job, priority: reevaluationPriority }, now)
  }
  await inImport(deps, lease, step, 'power')
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
