import { yieldToEventLoop } from '../lib/yield-to-event-loop.ts'
import {
  countAbsentAdvisories,
  countPresentAdvisories,
  listAbsentAdvisories,
} from './advisory-import-store.ts'
import { endAdvisory } from './advisory-store.ts'
import { scanningError } from './errors.ts'
import { inImport, type ImportDeps, type ImportLease } from './import-lease.ts'
import type { ImportTally } from './rules/import-tally.ts'
import { isSuspiciousLoss } from './rules/suspicious-loss.ts'

const batchRows = 200

/**
 * Ends the records that a snapshot does not hold any more. Where records of it could not be read nothing is ended:
 * one of them may be the absent one.
 */
export async function endAbsentAdvisories(
  deps: ImportDeps,
  running: {
    readonly lease: ImportLease
    readonly input: { readonly source: string; readonly confirmLoss?: boolean }
    readonly tally: ImportTally
  },
  { signal }: { readonly signal: AbortSignal },
): Promise<{ readonly removed: number; readonly withheld: number }> {
  const { lease, input, tally } = running
  const { source } = input
  const absent = await countAbsentAdvisories(deps.database, source)
  const before = (await countPresentAdvisories(deps.database, source)) - tally.counts().added
  if (input.confirmLoss !== true && isSuspiciousLoss({ absent, before })) {
    throw scanningError(
      'ADVISORIES_LOST',
      `the snapshot lacks ${absent} of the ${before} records of ${source}`,
      { source, absent, before },
    )
  }
  if (tally.rejected > 0) return { removed: 0, withheld: absent }
  for (let after: string | undefined = ''; after !== undefined;) {
    signal.throwIfAborted()
    after = await endBatch(deps, lease, { source, after })
    await yieldToEventLoop()
  }
  return { removed: absent, withheld: 0 }
}

/** The key reached, or undefined when there are no more. */
async function endBatch(
  deps: ImportDeps,
  lease: ImportLease,
  { source, after }: { readonly source: string; readonly after: string },
): Promise<string | undefined> {
  const rows = await listAbsentAdvisories(deps.database, source, { after, limit: batchRows })
  await inImport(deps, lease, async (tx) => {
    for (const { row } of rows) await endAdvisory(tx, row, lease.revision)
  })
  return rows.at(-1)?.key
}
