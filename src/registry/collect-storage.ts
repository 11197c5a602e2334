import type { Clock } from '../lib/clock.ts'
import { withRest } from '../lib/rest-after-work.ts'
import type { BlobStore, StorageKey } from '../storage/blobs/blob-store.ts'
import type { Database, SqlWriter } from '../storage/database/database.ts'
import {
  advanceCollection,
  findCollection,
  findOpenCollection,
  forgetCollections,
  insertCollection,
  type Collection,
} from './collection-store.ts'
import { removeManifest } from './delete-manifest.ts'
import { isDeletionPaused } from './deletion-pause-store.ts'
import {
  deleteRetiredBlobRow,
  listRetiredBlobs,
  retireBlobIfUnlinked,
  unlinkBlob,
} from './linked-blob-store.ts'
import { readNextShard } from './orphan-store.ts'
import { findRepositoryById } from './repository-store.ts'
import { phaseAfter, type CollectionCounts, type CollectionPhase } from './rules/collection.ts'
import { forgetDeletion, listDueDeletions, queueStorageDeletion } from './storage-deletion-store.ts'
import { listUnnamedBytes, markOrphans, type Unnamed } from './sweep-orphans.ts'
import {
  walkUnlinkedBlobs,
  walkUnreferencedLinks,
  walkUntaggedManifests,
} from './unreferenced-store.ts'
import { deleteUploadRow, listIdleUploads } from './upload-store.ts'

/** An upload that nobody touched for a day is given up; ended ones are kept as long, so that a repeated close is answered. */
const uploadIdleMs = 24 * 3_600_000
/** Readers that opened a blob before it was let go of may go on for this long. */
const readGraceMs = 3_600_000
const reportsKeptMs = 30 * 24 * 3_600_000
/** Rows that one transaction walks: some milliseconds, which requests wait for at most. */
const walkSize = 300
/** Rows that one transaction changes, each with several statements. */
const changeSize = 100

export interface CollectDeps {
  readonly database: Database
  readonly blobs: BlobStore
  readonly clock: Clock
  /** A blob that no manifest needs stays in its repository for so long: a client that was told of it may refer to it yet. */
  readonly graceMs: number
  /** Of the blob store's 256 parts so many are swept for orphans in one run; 2 when it is not said. */
  readonly orphanShards?: number
  /** After each batch of rows requests have the server to themselves for so many times what it took; 0 when it is not said. */
  readonly restTimes?: number
}

export interface CollectInput {
  readonly askedBy: Collection['askedBy']
  /** Manifests that nothing names and that were pushed longer ago than this go too. */
  readonly untaggedOlderThanMs?: number | undefined
  /** Stops after so many batches, to go on in the next call. */
  readonly maxSteps?: number
}

/**
 * Removes what nothing needs: idle uploads, blobs without a manifest, bytes without a row. Runs beside pushes and pulls in
 * small transactions, each of which looks again at what it removes. A kill at any point leaves work for the next call,
 * which goes on where it stood, and never a row without its bytes. A run that is under way is joined.
 */
export async function* collecting(
  deps: CollectDeps,
  input: CollectInput,
  { signal }: { readonly signal: AbortSignal },
): AsyncGenerator<Collection> {
  let run = await beginCollection(deps, input)
  yield run
  for (let done = 0; run.isOpen && done < (input.maxSteps ?? Infinity); done += 1) {
    signal.throwIfAborted()
    const present = run
    run = await withRest(() => step(deps, present, signal), restTimesOf(deps, present), { signal })
    yield run
  }
}

/** What walks rows keeps the event loop to itself; the store is listed and emptied beside it. */
function restTimesOf({ restTimes = 0 }: CollectDeps, { phase }: Collection): number {
  return phase === 'bytes' || phase === 'orphans' ? 0 : restTimes
}

function step(deps: CollectDeps, run: Collection, signal: AbortSignal): Promise<Collection> {
  if (run.phase === 'bytes') return removeBytes(deps, run, signal)
  return run.phase === 'orphans' ? sweepShard(deps, run, signal) : changeRows(deps, run)
}

/** The same for those who want the end only. */
export async function collectStorage(
  deps: CollectDeps,
  input: CollectInput,
  options: { readonly signal: AbortSignal },
): Promise<Collection> {
  let last: Collection | undefined
  for await (const run of collecting(deps, input, options)) last = run
  if (last === undefined) throw new Error('a collection has no state')
  return last
}

async function beginCollection(deps: CollectDeps, input: CollectInput): Promise<Collection> {
  const now = deps.clock.now()
  return deps.database.transaction(async (tx) => {
    const open = await findOpenCollection(tx)
    if (open !== undefined) return open
    await forgetCollections(tx, new Date(now.getTime() - reportsKeptMs))
    const { askedBy, untaggedOlderThanMs } = input
    const untaggedBefore =
      untaggedOlderThanMs === undefined ? undefined : new Date(now.getTime() - untaggedOlderThanMs)
    return insertCollection(tx, { askedBy, untaggedBefore }, now)
  })
}

/** What one batch did, and where its phase goes on; no cursor at the phase's end. */
interface Batch {
  readonly counts: Partial<CollectionCounts>
  readonly cursor: string | undefined
}

type RowPhase = (tx: SqlWriter, run: Collection, deps: CollectDeps, now: Date) => Promise<Batch>

const rowPhases: Readonly<Record<Exclude<CollectionPhase, 'orphans' | 'bytes'>, RowPhase>> = {
  uploads: expireUploads,
  manifests: removeUntagged,
  links: removeLinks,
  blobs: retireUnlinked,
}

async function changeRows(deps: CollectDeps, { id }: Collection): Promise<Collection> {
  return deps.database.transaction(async (tx) => {
    // The transaction may have waited long for its turn: graces that begin with it count from here.
    const now = deps.clock.now()
    // Read in the transaction: another driver of the same run may have been here.
    const run = await openRun(tx, id)
    if (!run.isOpen || run.phase === 'orphans' || run.phase === 'bytes') return run
    const batch = await rowPhases[run.phase](tx, run, deps, now)
    return advanced(tx, run, batch, now)
  })
}

async function openRun(tx: SqlWriter, id: number): Promise<Collection> {
  const run = await findCollection(tx, id)
  if (run === undefined) throw new Error(`collection ${id} is gone`)
  return run
}

async function advanced(
  tx: SqlWriter,
  run: Collection,
  { counts, cursor }: Batch,
  now: Date,
): Promise<Collection> {
  const phase = cursor === undefined ? phaseAfter(run.phase) : run.phase
  const next = phase === undefined ? undefined : { phase, cursor: cursor ?? '' }
  await advanceCollection(tx, run, next, counts, now)
  return openRun(tx, run.id)
}

async function expireUploads(
  tx: SqlWriter,
  _run: Collection,
  _deps: CollectDeps,
  now: Date,
): Promise<Batch> {
  const before = new Date(now.getTime() - uploadIdleMs)
  const idle = await listIdleUploads(tx, before, changeSize)
  for (const upload of idle) {
    if (upload.state === 'open') await queueStorageDeletion(tx, upload.storageKey, now)
    await deleteUploadRow(tx, upload.id)
  }
  const uploads = idle.filter(({ state }) => state === 'open').length
  return { counts: { uploads }, cursor: idle.length < changeSize ? undefined : 'more' }
}

/** Walks again after a walk that found something: what an index held, or what referred to it, may be free now. */
async function removeUntagged(
  tx: SqlWriter,
  run: Collection,
  _deps: CollectDeps,
  now: Date,
): Promise<Batch> {
  if (run.untaggedBefore === undefined) return { counts: {}, cursor: undefined }
  const cursor = readManifestCursor(run.cursor)
  const { found, next } = await walkUntaggedManifests(tx, {
    after: cursor,
    pushedBefore: run.untaggedBefore,
    limit: changeSize,
  })
  let manifests = 0
  for (const { repositoryId, digest } of found) {
    const repository = await findRepositoryById(tx, repositoryId)
    if (repository === undefined) continue
    const target = { digest, principal: 'collector', referrers: 'keep' } as const
    await removeManifest(tx, repository, target, now)
    manifests += 1
  }
  const isFruitful = cursor.isFruitful || manifests > 0
  const counts = { manifests }
  if (next !== undefined) return { counts, cursor: writeManifestCursor(next, isFruitful) }
  return { counts, cursor: isFruitful ? writeManifestCursor(firstManifest, false) : undefined }
}

const firstManifest = { repositoryId: 0, digest: '' }

/** `REPOSITORY/FRUITFUL/DIGEST`. */
function readManifestCursor(text: string): {
  readonly repositoryId: number
  readonly digest: string
  readonly isFruitful: boolean
} {
  const [repositoryId = '0', isFruitful = '', digest = ''] = text.split('/')
  return { repositoryId: Number(repositoryId), digest, isFruitful: isFruitful === 'yes' }
}

function writeManifestCursor(
  at: { readonly repositoryId: number; readonly digest: string },
  isFruitful: boolean,
): string {
  return `${at.repositoryId}/${isFruitful ? 'yes' : 'no'}/${at.digest}`
}

async function removeLinks(
  tx: SqlWriter,
  run: Collection,
  deps: CollectDeps,
  now: Date,
): Promise<Batch> {
  const [repositoryId = 0, blobId = 0] = run.cursor.split('/').map(Number)
  const linkedBefore = new Date(now.getTime() - deps.graceMs)
  const page = { after: { repositoryId, blobId }, linkedBefore, limit: walkSize }
  const { found, next } = await walkUnreferencedLinks(tx, page)
  let [retiredBlobs, retiredBytes] = [0, 0]
  for (const link of found) {
    await unlinkBlob(tx, link.repositoryId, link.blobId)
    if (!(await retireBlobIfUnlinked(tx, link.blobId, now))) continue
    retiredBlobs += 1
    retiredBytes += link.size
  }
  return {
    counts: { links: found.length, retiredBlobs, retiredBytes },
    cursor: next && `${next.repositoryId}/${next.blobId}`,
  }
}

async function retireUnlinked(
  tx: SqlWriter,
  run: Collection,
  _deps: CollectDeps,
  now: Date,
): Promise<Batch> {
  const { found, next } = await walkUnlinkedBlobs(tx, {
    after: Number(run.cursor),
    limit: walkSize,
  })
  for (const { blobId } of found) await retireBlobIfUnlinked(tx, blobId, now)
  const retiredBytes = found.reduce((sum, { size }) => sum + size, 0)
  return {
    counts: { retiredBlobs: found.length, retiredBytes },
    cursor: next === undefined ? undefined : String(next),
  }
}

const orphanShards = 2

/** The store is listed outside the transaction. One that cannot be listed must not stop the rest. */
async function sweepShard(
  deps: CollectDeps,
  run: Collection,
  signal: AbortSignal,
): Promise<Collection> {
  const now = deps.clock.now()
  const shard = await readNextShard(deps.database)
  const unnamed = await listUnnamedBytes(deps, shard, { signal }).catch((error: unknown) => {
    signal.throwIfAborted()
    return { error }
  })
  return deps.database.transaction(async (tx) => {
    const present = await openRun(tx, run.id)
    if (!present.isOpen || present.phase !== 'orphans' || present.cursor !== run.cursor) {
      return present
    }
    const swept = Number(run.cursor) + 1
    const isEnd = swept >= (deps.orphanShards ?? orphanShards)
    const counts = await markAll(tx, shard, unnamed, now)
    return advanced(tx, present, { counts, cursor: isEnd ? undefined : String(swept) }, now)
  })
}

async function markAll(
  tx: SqlWriter,
  shard: number,
  unnamed: readonly Unnamed[] | { readonly error: unknown },
  now: Date,
): Promise<Partial<CollectionCounts>> {
  const isListed = !('error' in unnamed)
  const { marked, queued } = await markOrphans(tx, shard, isListed ? unnamed : [], now)
  return { orphansSeen: marked, orphansQueued: queued, failed: isListed ? 0 : 1 }
}

/** Bytes go outside the transaction, then the rows that told of them: a kill between leaves rows whose bytes are removed again. */
async function removeBytes(
  deps: CollectDeps,
  run: Collection,
  signal: AbortSignal,
): Promise<Collection> {
  const now = deps.clock.now()
  // What is due now was let go of before any backup that begins later, which so has no use for it.
  const isPaused = await isDeletionPaused(deps.database, now)
  const due = isPaused ? [] : await listDue(deps, run.cursor, now)
  const removed: Removed[] = []
  for (const item of due) {
    signal.throwIfAborted()
    const bytes = await removeKey(deps.blobs, item.key)
    if (bytes !== undefined) removed.push({ ...item, bytes })
  }
  return deps.database.transaction(async (tx) => {
    const present = await openRun(tx, run.id)
    if (!present.isOpen || present.cursor !== run.cursor) return present
    for (const { key, blobId } of removed) {
      if (blobId === undefined) await forgetDeletion(tx, key)
      else await deleteRetiredBlobRow(tx, blobId)
    }
    const counts = {
      removedKeys: removed.length,
      removedBytes: removed.reduce((sum, { bytes }) => sum + bytes, 0),
      failed: due.length - removed.length,
    }
    return advanced(tx, present, { counts, cursor: due.at(-1)?.cursor }, now)
  })
}

interface Due {
  readonly key: StorageKey
  /** Of a retired blob; undefined for bytes that have no other row. */
  readonly blobId: number | undefined
  readonly cursor: string
}

interface Removed extends Due {
  readonly bytes: number
}

/** First the queue, then retired blobs; each by its key, so that what fails is passed by and tried in the next run. */
async function listDue(deps: CollectDeps, cursor: string, now: Date): Promise<readonly Due[]> {
  const { database } = deps
  if (!cursor.startsWith('blob/')) {
    const queued = await listDueDeletions(database, now, { after: cursor, limit: changeSize })
    if (queued.length > 0) return queued.map((key) => ({ key, blobId: undefined, cursor: key }))
  }
  const retired = await listRetiredBlobs(database, new Date(now.getTime() - readGraceMs), {
    after: Number(cursor.startsWith('blob/') ? cursor.slice(5) : 0),
    limit: changeSize,
  })
  return retired.map(({ id, storageKey: key }) => ({ key, blobId: id, cursor: `blob/${id}` }))
}

/** Bytes that went; undefined when the store refuses, which must not stop the others. */
async function removeKey(blobs: BlobStore, key: StorageKey): Promise<number | undefined> {
  try {
    const bytes = (await blobs.size(key)) ?? 0
    await blobs.delete(key)
    return bytes
  } catch {
    return undefined
  }
}
