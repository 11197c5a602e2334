import {
  ContentUnavailable,
  examineImage,
  extractorRevision,
  failed,
  type ExamineDeps,
} from './examine-image.ts'
import { recordImageFindingsChanged, type ImageChangeCause } from './image-changes-store.ts'
import type { ImageContent, ImageScan, ScannedInstance, ScanOutcome } from './image-scan.ts'
import { findRepositoryById } from '../registry/repository-store.ts'
import { listFindings, type FindingList, type SeverityCounts } from './list-findings.ts'
import { internPackageSet } from './intern-package-set.ts'
import { requirePosted } from './package-set-store.ts'
import { compareFindings, noChanges, type ImageFindingChanges } from './rules/finding-changes.ts'
import {
  findScanRow,
  finishScan,
  markScanRunning,
  packInstances,
  readScannedInstances,
  type ScanKey,
} from './scan-store.ts'
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
 * read, and the next one goes on from there. A result that nobody asked to be made anew stands until the new one takes its
 * place, and stays where the new one could not be had.
 */
export async function scanImage(
  deps: ScanDeps,
  key: ScanKey,
  { signal, attempt }: { readonly signal: AbortSignal; readonly attempt: number },
): Promise<void> {
  const { database, clock } = deps
  const former = await findScanRow(database, key)
  // The image was deleted, and its scan with it.
  if (former === undefined) return
  const isRenewal = former.status !== 'PENDING' && former.status !== 'IN_PROGRESS'
  if (!isRenewal) await database.transaction((tx) => markScanRunning(tx, key))
  const outcome = await attemptScan(deps, key, { signal, attempt })
  if (isRenewal && outcome.status === 'FAILED' && former.status !== 'FAILED') return
  const { counts, changes } = await compareWithFormer(deps, key, { former, outcome })
  const setId = await internPackageSet(deps, outcome.instances, { signal })
  const packed = await packInstances(outcome.instances)
  await database.transaction(async (tx) => {
    // Another attempt makes it anew.
    if (setId !== undefined) await requirePosted(tx, setId)
    const now = clock.now()
    const facts = { extractorRevision, setId, counts, isRenewal, packed }
    await finishScan(tx, key, { ...outcome, ...facts }, now)
    const why = causeOf(former)
    await recordImageFindingsChanged(tx, key, { why, revision: outcome.dataRevision, changes }, now)
  })
}

function causeOf({ engine }: ImageScan): ImageChangeCause {
  const isOfAnother = engine !== undefined && engine !== extractorRevision
  return isOfAnother ? { cause: 'engine', engine: extractorRevision } : { cause: 'scan' }
}

/**
 * Findings as they are at this moment, and what a former result would have instead with the same data: what of them
 * the inventory changed. A first scan changes nothing.
 */
async function compareWithFormer(
  { database, suppressions }: ScanDeps,
  { repositoryId: id, digest }: ScanKey,
  { former, outcome }: { readonly former: ImageScan; readonly outcome: ScanOutcome },
): Promise<{ readonly counts: SeverityCounts; readonly changes: ImageFindingChanges }> {
  const found = await findRepositoryById(database, id)
  const list = async (read: readonly ScannedInstance[]): Promise<FindingList> => {
    const instances = read.map((instance) => ({ ...instance, imageDigest: digest }))
    const inForce =
      found === undefined
        ? undefined
        : await suppressions?.inForce({
            account: found.account,
            repository: { id, name: found.name },
            instances,
          })
    return listFindings(database, instances, inForce)
  }
  const { counts, findings } = await list(outcome.instances)
  if (former.completedAt === undefined || outcome.status === 'FAILED')
    return { counts, changes: noChanges }
  const before = await list(await readScannedInstances(database, { repositoryId: id, digest }))
  return { counts, changes: compareFindings(before.findings, findings) }
}

async function attemptScan(
  deps: ScanDeps,
  key: ScanKey,
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
