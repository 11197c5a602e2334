import type { Clock } from '../lib/clock.ts'
import type { Ids } from '../lib/ids.ts'
import { yieldToEventLoop } from '../lib/yield-to-event-loop.ts'
import type { Database, SqlWriter, Survival } from '../storage/database/database.ts'
import { clearImportKeys, discardAbove } from './advisory-import-store.ts'
import {
  claimPendingRevision,
  clearPendingRevision,
  readAdvisoryState,
  renewPendingRevision,
} from './advisory-state-store.ts'
import { scanningError } from './errors.ts'

export interface ImportDeps {
  readonly database: Database
  readonly clock: Clock
  readonly ids: Ids
}

/** The right to write the next revision, kept by writing; one at a time over all processes. */
export interface ImportLease {
  readonly owner: string
  readonly revision: number
}

const leaseMs = 60_000
const discardBatch = 500

/** Takes the right to import and removes what a killed import left. */
export async function takeImportLease(
  deps: ImportDeps,
  { takeOver }: { readonly takeOver: boolean },
): Promise<ImportLease> {
  const owner = deps.ids.uuid()
  const now = deps.clock.now()
  const lease = await deps.database.transaction(async (tx) => {
    const { revision, pending } = await readAdvisoryState(tx)
    if (!takeOver && pending !== undefined && pending.until > now) {
      throw scanningError('ADVISORIES_BUSY', 'another import of advisories is running', {
        until: pending.until.toISOString(),
      })
    }
    const claim = { owner, revision: revision + 1 }
    await claimPendingRevision(tx, { ...claim, until: new Date(now.getTime() + leaseMs) })
    return claim
  })
  await discard(deps, lease)
  return lease
}

/**
 * A transaction of the import; refused when somebody else took over. What nobody sees yet survives the end of the process
 * only: the transaction that publishes it (`power`) makes it durable with itself, and a loss of power before discards it.
 */
export async function inImport<T>(
  { database, clock }: ImportDeps,
  { owner }: ImportLease,
  work: (tx: SqlWriter) => Promise<T>,
  survives: Survival = 'process',
): Promise<T> {
  const step = async (tx: SqlWriter): Promise<T> => {
    const until = new Date(clock.now().getTime() + leaseMs)
    if (!(await renewPendingRevision(tx, owner, until))) {
      throw scanningError('ADVISORIES_INTERRUPTED', 'another process took over the import')
    }
    return work(tx)
  }
  return database.transaction(step, { survives })
}

/** Ends the import in the transaction that makes it visible. */
export async function endImport(tx: SqlWriter): Promise<void> {
  await clearImportKeys(tx)
  await clearPendingRevision(tx)
}

/** Gives up: nothing of the import is left. */
export async function abandonImport(deps: ImportDeps, lease: ImportLease): Promise<void> {
  await discard(deps, lease)
  await inImport(deps, lease, endImport)
}

/** In short transactions, since a killed import of a large file leaves many rows. */
async function discard(deps: ImportDeps, lease: ImportLease): Promise<void> {
  const step = (tx: SqlWriter): Promise<number> =>
    discardAbove(tx, lease.revision - 1, discardBatch)
  while ((await inImport(deps, lease, step)) > 0) await yieldToEventLoop()
}
