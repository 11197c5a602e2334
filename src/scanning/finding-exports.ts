// Exports of findings and of bills of materials: asked for, looked at, cancelled, and taken away after a time.
import { enqueue } from '../jobs/queue.ts'
import type { Clock } from '../lib/clock.ts'
import type { Ids } from '../lib/ids.ts'
import { yieldToEventLoop } from '../lib/yield-to-event-loop.ts'
import type { AccountId } from '../policy/account-id.ts'
import { queueStorageDeletion } from '../registry/storage-deletion-store.ts'
import { newStorageKey } from '../storage/blobs/blob-store.ts'
import type { Database, SqlReader, SqlWriter } from '../storage/database/database.ts'
import { scanningError } from './errors.ts'
import {
  countOpenExports,
  deleteExport,
  endExport,
  findExport,
  insertExport,
  listOldExports,
  listSurplusExports,
  type FindingExport,
} from './finding-export-store.ts'

export const exportJob = 'export-findings'
/** Runs by the schedule. */
export const expireExportsJob = 'expire-exports'
/** Behind what somebody waits for, before housekeeping. */
export const exportPriority = 60
const maxOpenExports = 5
export const exportKeptMs = 7 * 24 * 3_600_000
const expiredAtOnce = 100
/** Of an account; each may have gigabytes, and counts for no quota. */
const keptExports = 50

interface Deps {
  readonly database: Database
  readonly clock: Clock
  readonly ids: Ids
}

/**
 * Asks for an export; EXPORTS_TOO_MANY while others of the account are on their way. What the account has beyond the newest fifty
 * goes.
 */
export async function startExport(
  { database, clock, ids }: Deps,
  input: Pick<FindingExport, 'account' | 'kind' | 'format' | 'criteria' | 'destination' | 'madeBy'>,
): Promise<string> {
  const id = ids.uuid()
  const now = clock.now()
  await database.transaction(async (tx) => {
    if ((await countOpenExports(tx, input.account)) >= maxOpenExports) {
      const message = `the account has ${maxOpenExports} reports on their way; wait for one, or cancel it`
      throw scanningError('EXPORTS_TOO_MANY', message)
    }
    await insertExport(tx, {
      ...input,
      id,
      state: 'IN_PROGRESS',
      failure: undefined,
      storageKey: newStorageKey(ids),
      size: 0,
      entries: 0,
      cursor: undefined,
      createdAt: now,
      endedAt: undefined,
    })
    await enqueue(tx, { kind: exportJob, key: id, input: { id }, priority: exportPriority }, now)
    const page = { keep: keptExports, limit: expiredAtOnce }
    await remove(tx, await listSurplusExports(tx, input.account, page), now)
  })
  return id
}

/** The job: what is older than a week goes, whether or not anybody asks for another. */
export async function expireExports(
  { database, clock }: Pick<Deps, 'database' | 'clock'>,
  { signal }: { readonly signal: AbortSignal },
): Promise<void> {
  for (;;) {
    signal.throwIfAborted()
    const now = clock.now()
    const before = new Date(now.getTime() - exportKeptMs)
    const gone = await database.transaction(async (tx) => {
      const old = await listOldExports(tx, before, expiredAtOnce)
      await remove(tx, old, now)
      return old.length
    })
    if (gone < expiredAtOnce) return
    await yieldToEventLoop()
  }
}

async function remove(
  tx: SqlWriter,
  exports: readonly Pick<FindingExport, 'id' | 'storageKey'>[],
  now: Date,
): Promise<void> {
  for (const { id, storageKey } of exports) {
    await deleteExport(tx, id)
    await queueStorageDeletion(tx, storageKey, now)
  }
}

/** EXPORT_UNKNOWN; one of another account or kind is none. */
export async function getExport(
  reader: SqlReader,
  { account, kind, id }: Pick<FindingExport, 'account' | 'kind' | 'id'>,
): Promise<FindingExport> {
  const found = await findExport(reader, id)
  if (found?.account === account && found.kind === kind) return found
  throw scanningError('EXPORT_UNKNOWN', `the account has no report ${id}; they are kept for a week`)
}

/** What was written goes. EXPORT_UNKNOWN, EXPORT_ENDED. */
export async function cancelExport(
  { database, clock }: Pick<Deps, 'database' | 'clock'>,
  asked: { readonly account: AccountId; readonly kind: FindingExport['kind']; readonly id: string },
): Promise<void> {
  const now = clock.now()
  await database.transaction(async (tx) => {
    const { id, state } = await getExport(tx, asked)
    if (await endExport(tx, id, { state: 'CANCELLED' }, now)) return
    throw scanningError('EXPORT_ENDED', `the report ${id} is ${state} and cannot be cancelled`)
  })
}
