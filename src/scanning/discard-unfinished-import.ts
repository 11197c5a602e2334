import { readAdvisoryState } from './advisory-state-store.ts'
import { abandonImport, takeImportLease, type ImportDeps } from './import-lease.ts'

/**
 * Removes what a killed import left; it was invisible before and stays so. For the start of a process that owns the
 * database alone: with several, the next import does it when the dead one's lease has run out.
 */
export async function discardUnfinishedImport(deps: ImportDeps): Promise<void> {
  const { pending } = await readAdvisoryState(deps.database)
  if (pending === undefined) return
  await abandonImport(deps, await takeImportLease(deps, { takeOver: true }))
}
