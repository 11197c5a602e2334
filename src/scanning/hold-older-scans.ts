import { internPackageSet } from './intern-package-set.ts'
import type { EvaluationDeps } from './match-packages.ts'
import { requirePosted } from './package-set-store.ts'
import {
  listScansWithoutSet,
  readScannedInstances,
  writePackageSet,
  type ScanKey,
} from './scan-store.ts'

/** Asked for by the migration that gave scans their sets of holdings. */
export const holdOlderScansJob = 'hold-older-scans'

const pageScans = 50

/** Gives scans from before what they hold, from what each of them listed. Idempotent; a killed run goes on. */
export async function holdOlderScans(
  deps: EvaluationDeps,
  { signal }: { readonly signal: AbortSignal },
): Promise<void> {
  let after: ScanKey | undefined
  for (;;) {
    const page = await listScansWithoutSet(deps.database, { after, limit: pageScans })
    for (const key of page) {
      signal.throwIfAborted()
      const instances = await readScannedInstances(deps.database, key)
      const setId = await internPackageSet(deps, instances, { signal })
      if (setId === undefined) continue
      await deps.database.transaction(async (tx) => {
        await requirePosted(tx, setId)
        await writePackageSet(tx, key, setId)
      })
    }
    after = page.at(-1)
    if (after === undefined) return
  }
}
