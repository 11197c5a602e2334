import { readAdvisoryState } from './advisory-state-store.ts'
import { confirmAdvisorySource, findAdvisorySource } from './advisory-source-store.ts'
import type { AdvisoryImportResult } from './import-advisories.ts'
import type { ImportDeps } from './import-lease.ts'

/**
 * The state in force of a source is the file with this SHA-256 (lower-case hexadecimal), imported as a whole: as good as
 * importing it once more. Undefined where it is not, and the file is to be sent.
 */
export async function confirmImport(
  { database, clock }: Pick<ImportDeps, 'database' | 'clock'>,
  { source, sha256 }: { readonly source: string; readonly sha256: string },
): Promise<AdvisoryImportResult | undefined> {
  return database.transaction(async (tx) => {
    const known = await findAdvisorySource(tx, source)
    if (known?.validator !== sha256 || known.origin !== 'import') return undefined
    await confirmAdvisorySource(tx, source, clock.now())
    const { revision } = await readAdvisoryState(tx)
    const nothing = { count: 0, first: [] }
    const counts = { added: 0, changed: 0, removed: 0, withheld: 0, durationMs: 0 }
    const { records } = known
    const notes = { rejected: nothing, duplicates: nothing }
    return { source, read: records, unchanged: records, ...counts, ...notes, revision }
  })
}
