import type { Digest } from '../oci/digest.ts'
import {
  ContentUnavailable,
  examineImage,
  extractorRevision,
  failed,
  type ExamineDeps,
} from './examine-image.ts'
import type { ImageContent, ScanOutcome } from './image-scan.ts'
import { findRepositoryById } from '../registry/repository-store.ts'
import { listFindings, type SeverityCounts } from './list-findings.ts'
import { internPackageSet } from './intern-package-set.ts'
import { requirePosted } from './package-set-store.ts'
import { findScanRow, finishScan, markScanRunning } from './scan-store.ts'
import type { Suppressions } from './suppressions.ts'

/** After so many attempts the fault is told instead of tried again. */
const maxAttempts = 3

export interface ScanDeps extends ExamineDeps {
  readonly contentOf: (repositoryId: number) => ImageContent
  /** Undefined where nothing but the distribution's word holds a finding back. */
  readonly suppressions?: Suppressions
}

/**
 * The job: reads, matches, and writes the result in one transaction. Idempotent: a killed run leaves layers that were
 * read, and the next one goes on from there.
 */
export async function scanImage(
  deps: ScanDeps,
  key: { readonly repositoryId: number; readonly digest: Digest },
  { signal, attempt }: { readonly signal: AbortSignal; readonly attempt: number },
): Promise<void> {
  const { database, clock } = deps
  // The image was deleted, and its scan with it.
  if ((await findScanRow(database, key)) === undefined) return
  await database.transaction((tx) => markScanRunning(tx, key))
  const outcome = await attemptScan(deps, key, { signal, attempt })
  const counts = await countFindings(deps, key, outcome)
  const setId = await internPackageSet(deps, outcome.instances, { signal })
  await database.transaction(async (tx) => {
    // Another attempt makes it anew.
    if (setId !== undefined) await requirePosted(tx, setId)
    await finishScan(tx, key, { ...outcome, extractorRevision, setId, counts }, clock.now())
  })
}

/** As they are counted at this moment. */
async function countFindings(
  { database, suppressions }: ScanDeps,
  { repositoryId: id, digest }: { readonly repositoryId: number; readonly digest: Digest },
  outcome: ScanOutcome,
): Promise<SeverityCounts> {
  const instances = outcome.instances.map((instance) => ({ ...instance, imageDigest: digest }))
  const found = await findRepositoryById(database, id)
  const inForce =
    found === undefined
      ? undefined
      : await suppressions?.inForce({
          account: found.account,
          repository: { id, name: found.name },
          instances,
        })
  const { counts } = await listFindings(database, instances, inForce)
  return counts
}

async function attemptScan(
  deps: ScanDeps,
  key: { readonly repositoryId: number; readonly digest: Digest },
  { signal, attempt }: { readonly signal: AbortSignal; readonly attempt: number },
): Promise<ScanOutcome> {
  // Only a run that took the process with it leaves no outcome: what did so three times is not read again.
  if (attempt > maxAttempts)
    return failed(`the scan did not end in ${maxAttempts} attempts; the server stopped during each`)
  try {
    return await examineImage(deps, deps.contentOf(key.repositoryId), key.digest, { signal })
  } catch (error) {
    signal.throwIfAborted()
    if (attempt < maxAttempts) throw error
    if (error instanceof ContentUnavailable) return failed(error.message)
    return failed(
      `the scan ended in an error of the scanner (${error instanceof Error ? error.message : 'unknown'})`,
    )
  }
}
