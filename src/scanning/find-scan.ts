import type { Digest } from '../oci/digest.ts'
import { parseManifest } from '../oci/manifest.ts'
import { parseAccountId } from '../policy/account-id.ts'
import type { SqlReader } from '../storage/database/database.ts'
import { readAdvisoryState } from './advisory-state-store.ts'
import type {
  ImageContent,
  ImageScan,
  LeftScanning,
  ScannedInstance,
  ScanOutcome,
  ScanStatus,
} from './image-scan.ts'
import { findImageDates } from './eligibility-store.ts'
import { isStillOut } from './rules/rescan-eligibility.ts'
import { findRescanDurations } from './scanning-settings-store.ts'
import { platformChildren, scannability } from './request-scan.ts'
import { findScanRow, hasAdvisoriesFor, readScannedInstances, type ScanKey } from './scan-store.ts'

/** Real indexes have a dozen; each is looked up whenever the index is described. */
const maxPlatforms = 200

/** What is known of an image now; `instances` are those of all platforms of an index. */
export interface FoundScan extends Omit<ImageScan, 'dataNeeded'> {
  readonly instances: readonly ScannedInstance[]
}

/**
 * The newest scan of a manifest, or undefined when it was never asked for. An index answers for its platforms together:
 * it is complete when all are, and names those that are not.
 */
export async function findScan(
  reader: SqlReader,
  content: ImageContent,
  key: { readonly repositoryId: number; readonly digest: Digest },
): Promise<FoundScan | undefined> {
  const own = await findOwnScan(reader, key)
  if (own !== undefined) return own
  const stored = await content.findManifest(key.digest)
  const parsed = stored === undefined ? undefined : parseManifest(stored.bytes, stored.mediaType)
  if (parsed?.kind !== 'parsed' || parsed.manifest.kind !== 'index') return undefined
  const platforms = platformChildren(parsed.manifest)
  if (platforms.length > maxPlatforms) {
    const reason = `the index has ${platforms.length} platforms; at most ${maxPlatforms} are looked at`
    return { ...neverScanned, reason }
  }
  const children: PlatformScan[] = []
  for (const { digest, platform } of platforms) {
    const scan = await findOwnScan(reader, { ...key, digest })
    if (scan === undefined && (await holdsNoImage(content, digest))) continue
    children.push({ platform, scan })
  }
  return children.some(({ scan }) => scan !== undefined) ? joinPlatforms(children) : undefined
}

/** By the child's own words: those of the index about it prove nothing. */
async function holdsNoImage(content: ImageContent, digest: Digest): Promise<boolean> {
  const stored = await content.findManifest(digest)
  const parsed = stored === undefined ? undefined : parseManifest(stored.bytes, stored.mediaType)
  return parsed?.kind === 'parsed' && scannability(parsed.manifest) === 'none'
}

async function findOwnScan(
  reader: SqlReader,
  key: { readonly repositoryId: number; readonly digest: Digest },
): Promise<FoundScan | undefined> {
  const row = await findScanRow(reader, key)
  if (row === undefined) return undefined
  const { dataNeeded, ...stored } = row
  const scan = { ...stored, left: await stillLeft(reader, key, stored.left) }
  const found = await readScannedInstances(reader, key)
  const instances = found.map((instance) => ({ ...instance, imageDigest: key.digest }))
  const missing =
    scan.status === 'COMPLETE' ? await ecosystemsWithoutData(reader, { ...scan, dataNeeded }) : []
  if (missing.length === 0) return { ...scan, instances }
  const reason = `there is no vulnerability data for ${missing.join(', ')}: import it with pratique db import or pratique db update`
  return { ...scan, status: 'UNSUPPORTED_IMAGE', reason, instances }
}

/** Asked anew each time: an import may have brought the data since the scan. */
export async function ecosystemsWithoutData(
  reader: SqlReader,
  { dataNeeded, dataRevision }: Pick<ScanOutcome, 'dataNeeded' | 'dataRevision'>,
): Promise<readonly string[]> {
  // Data that the image's packages were held against: at the scan, or when all packages were re-evaluated since.
  const { evaluatedRevision } = await readAdvisoryState(reader)
  const revision = Math.max(evaluatedRevision, dataRevision ?? 0)
  const missing: string[] = []
  for (const group of dataNeeded) {
    let hasData = false
    for (const ecosystem of group) hasData ||= await hasAdvisoriesFor(reader, ecosystem, revision)
    if (!hasData) missing.push(group[0] ?? 'unknown')
  }
  return missing
}

/** In a sentence, of an image whose findings are not renewed. */
export function describeLeft({ left }: Pick<FoundScan, 'left'>): string | undefined {
  if (left === undefined) return undefined
  const { at, revision } = left
  return `The image left continuous scanning on ${at.toISOString()}: its findings are those known then (data revision ${revision}); push or pull it to have it scanned again`
}

/** A reader sees at once that an image is back, before the job that tells it: whoever pulls it wants to know it as it is. */
async function stillLeft(
  reader: SqlReader,
  key: ScanKey,
  left: LeftScanning | undefined,
): Promise<LeftScanning | undefined> {
  if (left === undefined) return undefined
  const image = await findImageDates(reader, key)
  const account = parseAccountId(image?.account ?? '')
  if (image === undefined || account === undefined) return undefined
  const durations = await findRescanDurations(reader, account)
  return durations !== undefined && isStillOut(durations, image, left.at) ? left : undefined
}

interface PlatformScan {
  readonly platform: string
  readonly scan: FoundScan | undefined
}

/** The worst first: what is not known of one platform is not known of the index. */
const order: readonly ScanStatus[] = [
  'PENDING',
  'IN_PROGRESS',
  'FAILED',
  'UNSUPPORTED_IMAGE',
  'COMPLETE',
]

function joinPlatforms(children: readonly PlatformScan[]): FoundScan {
  const scans = children.map(({ platform, scan }) => ({ platform, scan: scan ?? neverScanned }))
  const worst = order.find((status) => scans.some(({ scan }) => scan.status === status)) ?? 'FAILED'
  const reasons = scans.flatMap(({ platform, scan }) =>
    scan.reason === undefined ? [] : [`${platform}: ${scan.reason}`],
  )
  const completed = scans.flatMap(({ scan }) => scan.completedAt?.getTime() ?? [])
  const revisions = scans.flatMap(({ scan }) => scan.dataRevision ?? [])
  return {
    status: worst,
    reason: reasons.length === 0 ? undefined : reasons.join('; '),
    notes: scans.flatMap(({ platform, scan }) => scan.notes.map((note) => `${platform}: ${note}`)),
    distribution: undefined,
    dataRevision: revisions.length === 0 ? undefined : Math.min(...revisions),
    requestedAt: new Date(Math.min(...scans.map(({ scan }) => scan.requestedAt.getTime()))),
    completedAt: completed.length === scans.length ? new Date(Math.max(...completed)) : undefined,
    engine: undefined,
    left: leftTogether(scans.map(({ scan }) => scan)),
    instances: scans.flatMap(({ scan }) => scan.instances),
  }
}

/** Only an index all of whose platforms left has left; its findings are then those of the last that did. */
function leftTogether(scans: readonly FoundScan[]): LeftScanning | undefined {
  const left = scans.flatMap((scan) => scan.left ?? [])
  if (left.length < scans.length) return undefined
  return left.toSorted((a, b) => b.revision - a.revision || b.at.getTime() - a.at.getTime())[0]
}

const neverScanned: FoundScan = {
  status: 'FAILED',
  reason: 'was not scanned',
  notes: [],
  distribution: undefined,
  dataRevision: undefined,
  requestedAt: new Date(0),
  completedAt: undefined,
  engine: undefined,
  left: undefined,
  instances: [],
}
