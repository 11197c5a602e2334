import { join } from 'node:path'
import type { Readable } from 'node:stream'
import type { Ids } from '../lib/ids.ts'
import { peek } from '../lib/peek.ts'
import type { Digest } from '../oci/digest.ts'
import { parseManifest } from '../oci/manifest.ts'
import { looksLikeSbom, sbomHeadBytes } from '../sbom/read-sbom.ts'
import { readAdvisoryState } from './advisory-state-store.ts'
import type { Exploitation } from './read-flaw-facts.ts'
import { describeAdvisories } from './describe-advisories.ts'
import {
  examineImage,
  failed,
  judgeLayers,
  judgeSquashed,
  type ExamineDeps,
} from './examine-image.ts'
import type { ImageContent, ScannedInstance, ScanOutcome } from './image-scan.ts'
import { ecosystemsWithoutData } from './find-scan.ts'
import { explainVulnerability, type VulnerabilityExplanation } from './explain-vulnerability.ts'
import { listFindings, type Finding } from './list-findings.ts'
import type { FindingPlace } from './owner-reader.ts'
import { readDeclaredImage } from './read-declared-image.ts'
import { readLayer } from './read-layer.ts'
import { listImageSecrets } from './list-image-secrets.ts'
import type { FoundSecret } from './rules/layer-contents.ts'
import { platformChildren, scannability } from './request-scan.ts'
import type { AccountId } from '../policy/account-id.ts'
import { endOfSupport, type FixAdvice } from './rules/fix-advice.ts'
import type { ImageSuppressions, Remarks, Suppression } from './rules/suppression.ts'
import type { Suppressions } from './suppressions.ts'
import { unpackArchive, unreadable, type UnpackedArchive } from './unpack-archive.ts'

export interface ArchiveScan {
  readonly images: readonly ArchiveImage[]
  readonly dataRevision: number
  readonly dataUpdatedAt: Date | undefined
}

export interface ArchiveImage {
  readonly name?: string
  readonly platform?: string
  readonly digest?: Digest
  readonly status: 'scanned' | 'failed' | 'unsupported'
  readonly reason?: string
  readonly distribution?: string
  /** What the answer does not speak about. */
  readonly coverage: readonly string[]
  readonly packages: number
  readonly findings: readonly ArchiveFinding[]
  /** Those that something speaks against, and what. */
  readonly suppressed: readonly (ArchiveFinding & { readonly suppression: Suppression })[]
  /** Where secrets stand in its layers, and what they look like; absent of a list of packages, which has none. */
  readonly secrets?: readonly FoundSecret[]
  /** Present when it was asked for. */
  readonly explanation?: VulnerabilityExplanation
}

interface ArchiveFinding extends Remarks {
  readonly vulnerability: string
  readonly aliases: readonly string[]
  readonly severity: string
  readonly score?: number
  readonly package: {
    readonly type: string
    readonly name: string
    readonly version: string
    readonly path: string
  }
  readonly fixedVersion?: string
  readonly fix: FixAdvice
  readonly confidence: string
  readonly exploitation: Exploitation
  /** Which record said so, and what of it the version was held against. */
  readonly advisory: { readonly id: string; readonly source: string }
  readonly evidence: unknown
  readonly places: readonly FindingPlace[]
  readonly layer: string
  readonly url: string
  readonly summary?: string
}

export interface ArchiveDeps extends ExamineDeps {
  readonly ids: Ids
  /** Where archives are unpacked while they are scanned. */
  readonly temporaryDirectory: string
  /** Undefined where nothing but the distribution's word holds a finding back. */
  readonly suppressions?: Suppressions
}

export interface ArchiveInput {
  /** The content of a file decides whether it is an archive of images or somebody's bill of materials. */
  readonly kind: 'rootfs' | 'archive'
  readonly body: Readable
  /** Whose documents and rules are in force. */
  readonly account?: AccountId
  /** Any id of a flaw; each image's answer then says why it is, or is not, affected. */
  readonly explain?: string
}

/** Scans what is not in the registry: a root file system as one tar, an image archive, a bill of materials. Keeps no image of it. */
export async function scanArchive(
  deps: ArchiveDeps,
  input: ArchiveInput,
  options: { readonly signal: AbortSignal },
): Promise<ArchiveScan> {
  const images = await scans[input.kind](deps, input, options)
  const { revision } = await readAdvisoryState(deps.database)
  const { updatedAt } = await describeAdvisories(deps)
  return { images, dataRevision: revision, dataUpdatedAt: updatedAt }
}

type Scan = (
  deps: ArchiveDeps,
  input: ArchiveInput,
  options: { readonly signal: AbortSignal },
) => Promise<readonly ArchiveImage[]>

const scans: Readonly<Record<ArchiveInput['kind'], Scan>> = {
  archive: scanFile,
  rootfs: scanRootFileSystem,
}

async function scanFile(
  deps: ArchiveDeps,
  input: ArchiveInput,
  options: { readonly signal: AbortSignal },
): Promise<readonly ArchiveImage[]> {
  const { head, body } = await peek(input.body, sbomHeadBytes)
  const scan = looksLikeSbom(head) ? scanDocument : scanImages
  return scan(deps, { ...input, body }, options)
}

/** Somebody's bill of materials, as if what it lists were an image. */
async function scanDocument(
  deps: ArchiveDeps,
  { body, explain, account }: ArchiveInput,
  options: { readonly signal: AbortSignal },
): Promise<readonly ArchiveImage[]> {
  const { image, name } = await readDeclaredImage(body)
  const outcome = await judgeSquashed(deps, image, options)
  const rendered = await render(deps, outcome, { explain, account })
  return [name === undefined ? rendered : { name, ...rendered }]
}

async function scanRootFileSystem(
  deps: ArchiveDeps,
  { body: stream, explain, account }: ArchiveInput,
  options: { readonly signal: AbortSignal },
): Promise<readonly ArchiveImage[]> {
  const reading = await readLayer(deps.layers, { stream }, options)
  if (reading.kind === 'unreadable')
    return [await render(deps, failed(reading.message), { explain, account })]
  const { inventory } = reading
  const outcome = await judgeLayers(deps, [{ digest: inventory.diffId, inventory }], options)
  const rendered = await render(deps, outcome, { explain, account })
  return [{ ...rendered, secrets: inventory.secrets ?? [] }]
}

async function scanImages(
  deps: ArchiveDeps,
  { body, explain, account }: ArchiveInput,
  options: { readonly signal: AbortSignal },
): Promise<readonly ArchiveImage[]> {
  return visitImages(deps, body, options, async (content, entry) => {
    const outcome = await examineOrFail(deps, content, entry.digest, options)
    const rendered = await render(deps, outcome, { entry, explain, account })
    const images = await listImageSecrets({ reader: deps.database, content }, entry.digest)
    const layers = (images ?? []).flatMap((image) => image.layers)
    return { ...rendered, secrets: layers.flatMap(({ secrets }) => secrets) }
  })
}

/** Each image of an archive, unpacked for as long as they are visited. */
export async function visitImages<T>(
  deps: Pick<ArchiveDeps, 'temporaryDirectory' | 'ids'>,
  body: Readable,
  options: { readonly signal: AbortSignal },
  visit: (content: ImageContent, entry: ArchiveEntry) => Promise<T>,
): Promise<readonly T[]> {
  const directory = join(deps.temporaryDirectory, deps.ids.uuid())
  const archive = await unpackArchive(body, directory, options)
  try {
    const visited: T[] = []
    for (const entry of await imagesOf(archive)) {
      options.signal.throwIfAborted()
      visited.push(await visit(archive.content, entry))
    }
    return visited
  } finally {
    await archive.remove()
  }
}

async function examineOrFail(
  deps: ArchiveDeps,
  content: ImageContent,
  digest: Digest,
  options: { readonly signal: AbortSignal },
): Promise<ScanOutcome> {
  try {
    return await examineImage(deps, content, digest, options)
  } catch (error) {
    options.signal.throwIfAborted()
    return failed(error instanceof Error ? error.message : 'unknown error')
  }
}

export interface ArchiveEntry {
  readonly name?: string
  readonly platform?: string
  readonly digest: Digest
}

/** An index is opened, also one in another, down to its images; what holds no file system is left out. */
async function imagesOf(archive: UnpackedArchive): Promise<readonly ArchiveEntry[]> {
  const found: ArchiveEntry[] = []
  const seen = new Set<Digest>()
  const waiting: (ArchiveEntry & { readonly depth: number })[] = archive.images.map((image) => ({
    ...image,
    depth: 0,
  }))
  for (let entry = waiting.shift(); entry !== undefined; entry = waiting.shift()) {
    // Indexes that list each other's children would else multiply without end.
    if (seen.has(entry.digest)) continue
    seen.add(entry.digest)
    const stored = await archive.content.findManifest(entry.digest)
    const parsed = stored === undefined ? undefined : parseManifest(stored.bytes, stored.mediaType)
    const { depth, ...image } = entry
    const manifest = parsed?.kind === 'parsed' ? parsed.manifest : undefined
    if (manifest !== undefined && scannability(manifest) === 'none') continue
    if (manifest?.kind !== 'index' || depth >= maxIndexDepth) {
      found.push(image)
      refuseTooMany(found)
      continue
    }
    waiting.push(
      ...platformChildren(manifest).map((child) => ({
        ...image,
        ...child,
        depth: depth + 1,
      })),
    )
  }
  // No image is not a clean image.
  if (found.length === 0) throw unreadable('holds no image')
  return found
}

function refuseTooMany(images: readonly ArchiveEntry[]): void {
  if (images.length > maxImages) throw unreadable(`holds more than ${maxImages} images`)
}

const maxIndexDepth = 8
const maxImages = 200

async function render(
  deps: ArchiveDeps,
  outcome: ScanOutcome,
  {
    entry = {},
    explain,
    account,
  }: {
    readonly entry?: Partial<ArchiveEntry>
    readonly explain: string | undefined
    readonly account: AccountId | undefined
  },
): Promise<ArchiveImage> {
  const instances = instancesIn(outcome, entry.digest)
  const inForce = await inForceFor(deps, account, instances)
  const { findings, suppressed } = await listFindings(deps.database, instances, inForce)
  const missing = await missingData(deps, outcome)
  const reason = outcome.reason ?? missing
  const statuses = {
    COMPLETE: 'scanned',
    FAILED: 'failed',
    UNSUPPORTED_IMAGE: 'unsupported',
  } as const
  const { distribution } = outcome
  const end = distribution === undefined ? undefined : endOfSupport(distribution, deps.clock.now())
  const ended = end === undefined ? [] : [end]
  return {
    ...entry,
    status: missing === undefined ? statuses[outcome.status] : 'unsupported',
    ...(reason === undefined ? {} : { reason }),
    ...(distribution === undefined
      ? {}
      : {
          distribution:
            distribution.prettyName ?? `${distribution.id} ${distribution.versionId ?? ''}`.trim(),
        }),
    coverage: [...outcome.notes, ...ended],
    packages: new Set(outcome.instances.map(({ packageId }) => packageId)).size,
    findings: findings.map(renderFinding),
    suppressed: suppressed.flatMap((finding) => {
      const { suppression } = finding
      return suppression === undefined ? [] : [{ ...renderFinding(finding), suppression }]
    }),
    ...(explain === undefined
      ? {}
      : {
          explanation: await explainVulnerability(
            deps.database,
            { ...outcome, instances },
            explain,
            inForce,
          ),
        }),
  }
}

function instancesIn(
  { instances }: ScanOutcome,
  imageDigest: Digest | undefined,
): readonly ScannedInstance[] {
  return imageDigest === undefined
    ? instances
    : instances.map((instance) => ({ ...instance, imageDigest }))
}

async function inForceFor(
  { suppressions }: ArchiveDeps,
  account: AccountId | undefined,
  instances: readonly ScannedInstance[],
): Promise<ImageSuppressions | undefined> {
  return account === undefined ? undefined : suppressions?.inForce({ account, instances })
}

async function missingData(deps: ArchiveDeps, outcome: ScanOutcome): Promise<string | undefined> {
  if (outcome.status !== 'COMPLETE') return undefined
  const missing = await ecosystemsWithoutData(deps.database, outcome)
  if (missing.length === 0) return undefined
  return `there is no vulnerability data for ${missing.join(', ')}: import it with pratique db import or pratique db update`
}

function renderFinding(finding: Finding): ArchiveFinding {
  const { type, name, version } = finding.package
  return {
    vulnerability: finding.vulnerability,
    aliases: finding.aliases,
    severity: finding.severity,
    ...(finding.score === undefined ? {} : { score: finding.score }),
    package: { type, name, version, path: finding.paths[0] ?? '' },
    ...(finding.fixedVersion === undefined ? {} : { fixedVersion: finding.fixedVersion }),
    fix: finding.fix,
    confidence: finding.confidence,
    exploitation: finding.exploitation,
    advisory: { id: finding.advisory.id, source: finding.advisory.source },
    evidence: finding.evidence,
    places: finding.places,
    layer: finding.layerDigest,
    ...(finding.vex === undefined ? {} : { vex: finding.vex }),
    ...(finding.endedRules === undefined ? {} : { endedRules: finding.endedRules }),
    url: finding.url,
    ...(finding.summary === undefined ? {} : { summary: finding.summary }),
  }
}
