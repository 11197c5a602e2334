import type { Distribution } from '../ecosystems/ecosystem.ts'
import { yieldToEventLoop } from '../lib/yield-to-event-loop.ts'
import { parseDigest, type Digest } from '../oci/digest.ts'
import type { AccountId } from '../policy/account-id.ts'
import {
  bytes,
  instant,
  instantOrAbsent,
  integer,
  integerOrAbsent,
  text,
  textOrAbsent,
  type SqlReader,
  type SqlRow,
  type SqlWriter,
} from '../storage/database/database.ts'
import type { SeverityCounts } from './list-findings.ts'
import type {
  ImageScan,
  LeftScanning,
  ScannedInstance,
  ScanOutcome,
  ScanStatus,
} from './image-scan.ts'
import { packRows, unpackRows } from './rules/row-chunks.ts'

export interface ScanKey {
  readonly repositoryId: number
  readonly digest: Digest
}

/** Asks anew; the result of the former scan is forgotten, since it is about to be replaced. */
export async function insertPendingScan(tx: SqlWriter, key: ScanKey, now: Date): Promise<void> {
  await tx.run(
    `INSERT INTO image_scans (repository_id, digest, status, notes, data_needed, requested_at)
     VALUES ($1, $2, 'PENDING', '[]', '[]', $3)
     ON CONFLICT (repository_id, digest) DO UPDATE SET status = 'PENDING', reason = NULL, requested_at = excluded.requested_at,
       left_at = NULL, left_revision = NULL`,
    [key.repositoryId, key.digest, now.getTime()],
  )
}

export async function markScanRunning(tx: SqlWriter, key: ScanKey): Promise<void> {
  await tx.run(
    `UPDATE image_scans SET status = 'IN_PROGRESS' WHERE repository_id = $1 AND digest = $2`,
    [key.repositoryId, key.digest],
  )
}

/**
 * Nothing is written, and nothing told, of an image that was deleted meanwhile. That a result was renewed which nobody asked
 * for is not told: what it changed is.
 */
export async function finishScan(
  tx: SqlWriter,
  key: ScanKey,
  outcome: Omit<ScanOutcome, 'instances'> & {
    readonly isRenewal: boolean
    /** See packInstances. */
    readonly packed: Uint8Array
    readonly extractorRevision: string
    readonly setId: number | undefined
    readonly counts: SeverityCounts
  },
  now: Date,
): Promise<void> {
  const isFirst = (await findScanRow(tx, key))?.completedAt === undefined
  const written = await tx.run(
    `UPDATE image_scans SET status = $3, reason = $4, notes = $5, distribution = $6, data_needed = $7,
       package_set_id = $8, data_revision = $9, extractor_revision = $10, completed_at = $11, instances = $12,
       first_completed_at = COALESCE(first_completed_at, $11), architecture = COALESCE($13, architecture)
     WHERE repository_id = $1 AND digest = $2`,
    [
      key.repositoryId,
      key.digest,
      outcome.status,
      outcome.reason ?? null,
      JSON.stringify(outcome.notes),
      outcome.distribution === undefined ? null : JSON.stringify(outcome.distribution),
      JSON.stringify(outcome.dataNeeded),
      outcome.setId ?? null,
      outcome.dataRevision ?? null,
      outcome.extractorRevision,
      now.getTime(),
      outcome.packed,
      outcome.architecture ?? null,
    ],
  )
  if (written === 0 || outcome.isRenewal) return
  const { status, reason, counts, dataRevision } = outcome
  const detail = { digest: key.digest, status, reason, counts, dataRevision, isFirst }
  await tx.run(
    `INSERT INTO events (kind, account, resource, detail, at)
     SELECT 'ScanCompleted', account, name, $2, $3 FROM repositories WHERE id = $1`,
    [key.repositoryId, JSON.stringify(detail), now.getTime()],
  )
}

/** Only where a newer scan has not given the image another set meanwhile. */
export async function writePackageSet(tx: SqlWriter, key: ScanKey, setId: number): Promise<void> {
  await tx.run(
    `UPDATE image_scans SET package_set_id = $3
     WHERE repository_id = $1 AND digest = $2 AND package_set_id IS NULL`,
    [key.repositoryId, key.digest, setId],
  )
}

export async function findScanRow(reader: SqlReader, key: ScanKey): Promise<ImageScan | undefined> {
  const row = await reader.first(
    `SELECT status, reason, notes, distribution, data_needed, data_revision, extractor_revision,
       requested_at, completed_at, left_at, left_revision, package_set_id
     FROM image_scans WHERE repository_id = $1 AND digest = $2`,
    [key.repositoryId, key.digest],
  )
  return row === undefined ? undefined : scanOf(row)
}

export async function readScannedInstances(
  reader: SqlReader,
  key: ScanKey,
): Promise<readonly ScannedInstance[]> {
  const row = await reader.first(
    'SELECT instances FROM image_scans WHERE repository_id = $1 AND digest = $2 AND instances IS NOT NULL',
    [key.repositoryId, key.digest],
  )
  return row === undefined ? [] : unpackInstances(bytes(row, 'instances'))
}

/** Images of an account whose scan has ended, in order, after a key. */
export async function listScannedImages(
  reader: SqlReader,
  account: AccountId,
  page: {
    readonly after: { readonly repositoryId: number; readonly digest: string }
    readonly limit: number
  },
): Promise<readonly (ScanKey & { readonly repository: string })[]> {
  const { after, limit } = page
  const rows = await reader.all(
    `SELECT s.repository_id, s.digest, r.name FROM image_scans s JOIN repositories r ON r.id = s.repository_id
     WHERE r.account = $1 AND s.completed_at IS NOT NULL
       AND (s.repository_id, s.digest) > ($2, $3)
     ORDER BY s.repository_id, s.digest LIMIT $4`,
    [account, after.repositoryId, after.digest, limit],
  )
  return rows.flatMap((row) => {
    const digest = parseDigest(text(row, 'digest'))
    if (digest === undefined) return []
    return [{ repositoryId: integer(row, 'repository_id'), digest, repository: text(row, 'name') }]
  })
}

/** Scans that listed packages and have no set of them, in order, after a key. */
export async function listScansWithoutSet(
  reader: SqlReader,
  { after, limit }: { readonly after: ScanKey | undefined; readonly limit: number },
): Promise<readonly ScanKey[]> {
  const rows = await reader.all(
    `SELECT repository_id, digest FROM image_scans
     WHERE package_set_id IS NULL AND instances IS NOT NULL
       AND (repository_id, digest) > ($1, $2)
     ORDER BY repository_id, digest LIMIT $3`,
    [after?.repositoryId ?? 0, after?.digest ?? '', limit],
  )
  return rows.flatMap(keyOf)
}

/** Scans that listed packages, in order, after a key. */
export async function listScansWithInstances(
  reader: SqlReader,
  { after, limit }: { readonly after: ScanKey | undefined; readonly limit: number },
): Promise<readonly ScanKey[]> {
  const rows = await reader.all(
    `SELECT repository_id, digest FROM image_scans
     WHERE instances IS NOT NULL AND (repository_id, digest) > ($1, $2)
     ORDER BY repository_id, digest LIMIT $3`,
    [after?.repositoryId ?? 0, after?.digest ?? '', limit],
  )
  return rows.flatMap(keyOf)
}

/** Images whose set is this one, in order, after a key. */
export async function listImagesOfSet(
  reader: SqlReader,
  setId: number,
  { after, limit }: ImagePage,
): Promise<readonly ScanKey[]> {
  const rows = await reader.all(
    `SELECT repository_id, digest FROM image_scans
     WHERE package_set_id = $1 AND (repository_id, digest) > ($2, $3)
     ORDER BY repository_id, digest LIMIT $4`,
    [setId, after.repositoryId, after.digest, limit],
  )
  return rows.flatMap(keyOf)
}

/** A page of all images that were scanned: those whose set is one of these, and where the next page begins. */
export async function listImagesInSets(
  reader: SqlReader,
  sets: ReadonlySet<number>,
  { after, limit }: ImagePage,
): Promise<{ readonly keys: readonly ScanKey[]; readonly last: ImagePage['after'] | undefined }> {
  const rows = await reader.all(
    `SELECT repository_id, digest, package_set_id FROM image_scans
     WHERE (repository_id, digest) > ($1, $2) ORDER BY repository_id, digest LIMIT $3`,
    [after.repositoryId, after.digest, limit],
  )
  const end = rows.at(-1)
  return {
    // Most rows are passed over: nothing is made of them.
    keys: rows
      .filter(({ package_set_id: setId }) => typeof setId === 'number' && sets.has(setId))
      .flatMap(keyOf),
    last:
      end === undefined
        ? undefined
        : { repositoryId: integer(end, 'repository_id'), digest: text(end, 'digest') },
  }
}

/** Images of an account that were not scanned to their end, or of which a part cannot be judged. */
export async function countUnjudgedScans(reader: SqlReader, account: AccountId): Promise<number> {
  const row = await reader.first(
    `SELECT COUNT(*) AS n FROM image_scans s JOIN repositories r ON r.id = s.repository_id
     WHERE r.account = $1 AND s.status <> 'COMPLETE'`,
    [account],
  )
  return row === undefined ? 0 : integer(row, 'n')
}

export interface ImagePage {
  readonly after: { readonly repositoryId: number; readonly digest: string }
  readonly limit: number
}

function keyOf(row: SqlRow): readonly ScanKey[] {
  const digest = parseDigest(text(row, 'digest'))
  return digest === undefined ? [] : [{ repositoryId: integer(row, 'repository_id'), digest }]
}

/** Whether any advisory of that revision speaks about this ecosystem: without one, no findings mean nothing. */
export async function hasAdvisoriesFor(
  reader: SqlReader,
  ecosystem: string,
  revision: number,
): Promise<boolean> {
  const row = await reader.first(
    `SELECT p.name FROM advisory_packages p JOIN advisories a ON a.id = p.advisory_row
     WHERE p.ecosystem = $1 AND a.from_revision <= $2
       AND (a.until_revision IS NULL OR a.until_revision > $2) LIMIT 1`,
    [ecosystem, revision],
  )
  return row !== undefined
}

/** Instances as they are kept; others have their turn between two parts, for an image may hold a hundred thousand. */
export async function packInstances(instances: readonly ScannedInstance[]): Promise<Uint8Array> {
  const parts: Uint8Array[] = []
  const rows = instances.map(({ packageId, path, layerDigest, ...facts }) => [
    packageId,
    path,
    layerDigest,
    facts,
  ])
  for (const part of packRows(rows)) {
    if (parts.length > 2) await yieldToEventLoop()
    parts.push(part)
  }
  return Buffer.concat(parts)
}

async function unpackInstances(packed: Uint8Array): Promise<readonly ScannedInstance[]> {
  const instances: ScannedInstance[] = []
  for (const rows of unpackRows(packed)) {
    if (instances.length > 0) await yieldToEventLoop()
    for (const row of rows) instances.push(instanceOf(row))
  }
  return instances
}

function instanceOf(row: unknown): ScannedInstance {
  const members: readonly unknown[] = Array.isArray(row) ? row : []
  const [packageId, path, digestText, facts] = members
  const layerDigest = typeof digestText === 'string' ? parseDigest(digestText) : undefined
  if (typeof packageId !== 'number' || typeof path !== 'string' || layerDigest === undefined) {
    throw new Error('image_scans.instances cannot be read')
  }
  return { packageId, path, layerDigest, ...(isFacts(facts) ? facts : factsBefore) }
}

type InstanceFacts = Omit<ScannedInstance, 'packageId' | 'path' | 'layerDigest'>

/** Of rows from before it was kept how a package was found: those read installed state only. */
const factsBefore: InstanceFacts = { evidence: 'installed', extractorId: 'unknown' }

function isFacts(value: unknown): value is InstanceFacts {
  return typeof value === 'object' && value !== null && 'evidence' in value
}

const statuses: readonly ScanStatus[] = [
  'PENDING',
  'IN_PROGRESS',
  'COMPLETE',
  'FAILED',
  'UNSUPPORTED_IMAGE',
]

function scanOf(row: SqlRow): ImageScan {
  const status = statuses.find((known) => known === text(row, 'status'))
  if (status === undefined) throw new Error('image_scans.status cannot be read')
  const distribution = textOrAbsent(row, 'distribution')
  const setId = integerOrAbsent(row, 'package_set_id')
  return {
    ...(setId === undefined ? {} : { setId }),
    status,
    reason: textOrAbsent(row, 'reason'),
    notes: parseColumn<readonly string[]>(text(row, 'notes')),
    distribution: distribution === undefined ? undefined : parseColumn<Distribution>(distribution),
    dataNeeded: parseColumn<readonly (readonly string[])[]>(text(row, 'data_needed')),
    dataRevision: integerOrAbsent(row, 'data_revision'),
    requestedAt: instant(row, 'requested_at'),
    completedAt: instantOrAbsent(row, 'completed_at'),
    engine: textOrAbsent(row, 'extractor_revision'),
    left: leftOf(row),
  }
}

function leftOf(row: SqlRow): LeftScanning | undefined {
  const at = instantOrAbsent(row, 'left_at')
  return at === undefined ? undefined : { at, revision: integer(row, 'left_revision') }
}

/** JSON that this store wrote itself. */
// oxlint-disable-next-line typescript/no-unnecessary-type-parameters -- the caller knows what finishScan wrote there
function parseColumn<T>(column: string): T {
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- written by finishScan from a value of this type
  return JSON.parse(column) as T
}
