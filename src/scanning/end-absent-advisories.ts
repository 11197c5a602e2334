import { yieldToEventLoop } from '../lib/yield-to-event-loop.ts'
import type { SqlWriter } from '../storage/database/database.ts'
import { clearMetAbsences, noteAbsence } from './advisory-absence-store.ts'
import {
  countAbsentAdvisories,
  countPresentAdvisories,
  listAbsentAdvisories,
} from './advisory-import-store.ts'
import { endAdvisory, findNewestAdvisory } from './advisory-store.ts'
import { scanningError } from './errors.ts'
import { inImport, type ImportDeps, type ImportLease } from './import-lease.ts'
import type { ImportTally } from './rules/import-tally.ts'
import { isSuspiciousLoss } from './rules/suspicious-loss.ts'

const batchRows = 200

export interface Absence {
  readonly lease: ImportLease
  readonly input: {
    readonly source: string
    readonly confirmLoss?: boolean
    /** A feed without tombstones is believed when it says so twice. */
    readonly removesAtOnce: boolean
  }
  readonly tally: ImportTally
  /** Releases that left the feed as a whole: their records are no loss. */
  readonly gone: readonly string[]
}

/**
 * Ends the records that a snapshot does not hold any more. Where records of it could not be read nothing is ended:
 * one of them may be the absent one.
 */
export async function endAbsentAdvisories(
  deps: ImportDeps,
  running: Absence,
  { signal }: { readonly signal: AbortSignal },
): Promise<{ readonly removed: number; readonly withheld: number }> {
  const { lease, input, tally } = running
  const { source } = input
  await refuseLoss(deps, running)
  if (!input.removesAtOnce) await inImport(deps, lease, (tx) => clearMetAbsences(tx, source))
  if (tally.rejected > 0)
    return { removed: 0, withheld: await countAbsentAdvisories(deps.database, source, []) }
  let [removed, met] = [0, 0]
  for (let after: string | undefined = ''; after !== undefined;) {
    signal.throwIfAborted()
    const batch = await endBatch(deps, running, after)
    removed += batch.removed
    met += batch.met
    after = batch.after
    await yieldToEventLoop()
  }
  return { removed, withheld: met - removed }
}

async function refuseLoss(
  { database }: ImportDeps,
  { input: { source, confirmLoss }, tally, gone }: Absence,
): Promise<void> {
  const absent = await countAbsentAdvisories(database, source, gone)
  const before = (await countPresentAdvisories(database, source)) - tally.counts().added
  if (confirmLoss === true || !isSuspiciousLoss({ absent, before })) return
  throw scanningError(
    'ADVISORIES_LOST',
    `the snapshot lacks ${absent} of the ${before} records of ${source}`,
    { source, absent, before },
  )
}

/** `after`: the key reached, or undefined when there are no more. */
async function endBatch(
  deps: ImportDeps,
  { lease, input: { source, removesAtOnce } }: Absence,
  from: string,
): Promise<{ readonly removed: number; readonly met: number; readonly after: string | undefined }> {
  const rows = await listAbsentAdvisories(deps.database, source, { after: from, limit: batchRows })
  let removed = 0
  await inImport(deps, lease, async (tx) => {
    for (const { row, key } of rows) {
      if (!removesAtOnce && !(await noteAbsence(tx, source, key))) continue
      await endAdvisory(tx, row, lease.revision)
      removed += 1
    }
  })
  return { removed, met: rows.length, after: rows.at(-1)?.key }
}

/** Ends records of which the origin itself says that it deleted them. */
export async function endDeletedAdvisories(
  deps: ImportDeps,
  { lease, source }: { readonly lease: ImportLease; readonly source: string },
  keys: Iterable<string> | AsyncIterable<string>,
  { signal }: { readonly signal: AbortSignal },
): Promise<number> {
  let removed = 0
  let batch: string[] = []
  const end = async (): Promise<void> => {
    signal.throwIfAborted()
    await inImport(deps, lease, async (tx) => {
      for (const key of batch) removed += await endIfThere(tx, { source, key }, lease.revision)
    })
    batch = []
    await yieldToEventLoop()
  }
  for await (const key of keys) {
    batch.push(key)
    if (batch.length === batchRows) await end()
  }
  if (batch.length > 0) await end()
  return removed
}

/** A record that the same state brings is there again, whatever a list says. */
async function endIfThere(
  tx: SqlWriter,
  { source, key }: { readonly source: string; readonly key: string },
  revision: number,
): Promise<number> {
  const found = await findNewestAdvisory(tx, source, key)
  if (found === undefined || found.fromRevision >= revision) return 0
  await endAdvisory(tx, found.row, revision)
  return 1
}
