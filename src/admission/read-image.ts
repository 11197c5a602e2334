// Everything that a decision about one image is made from, in a few indexed reads. Nothing is verified, scanned or fetched here.
import type { Digest } from '../oci/digest.ts'
import { parseManifest, type Manifest } from '../oci/manifest.ts'
import type { Reference } from '../oci/reference.ts'
import type { RepositoryName } from '../oci/repository-name.ts'
import type { AccountId } from '../policy/account-id.ts'
import { lookUpManifestSummary } from '../registry/manifest-lookup-store.ts'
import { findRepository, type Repository } from '../registry/repository-store.ts'
import { isImmutable } from '../registry/rules/tag-mutability.ts'
import { platformChildren, scannability } from '../scanning/request-scan.ts'
import { readCreated, type CreatedTimes } from './read-created.ts'
import { readScanFacts, type ScanFactDeps } from './read-scan-facts.ts'
import type {
  Evidence,
  ImageFacts,
  PlatformEvidence,
  ProvenanceEvidence,
  SignatureEvidence,
} from './rules/evidence.ts'
import type { NeededFacts } from './rules/needed-facts.ts'
import { mayRunOn } from './rules/platform-match.ts'
import type { AskedTrust, TrustReader } from './trust-reader.ts'

export interface ReadImageDeps extends ScanFactDeps {
  readonly created: CreatedTimes
  /** Undefined: nobody can tell of signatures. */
  readonly trust: TrustReader | undefined
}

export interface NamedImage {
  readonly account: AccountId
  readonly repository: RepositoryName
  /** A digest goes before a tag beside it. */
  readonly reference: Reference
}

export interface KnownImage {
  readonly image: ImageFacts
  readonly evidence: Evidence
  /** Undefined of one that is not there. */
  readonly digest: Digest | undefined
  /** `statement`: a signature, an SBOM, a chart, and whatever else nothing runs. */
  readonly kind: 'image' | 'index' | 'statement' | 'absent'
}

/** Real indexes have a dozen; more are not looked at, and that is told. */
const maxPlatforms = 200

export interface ReadOptions {
  readonly needed: NeededFacts
  /** Those of an index that are asked for; undefined: all. */
  readonly platforms?: readonly string[] | undefined
  /** Of an index nothing but itself is read: its images are judged when they are asked for. */
  readonly withoutPlatforms?: boolean
}

export async function readImage(
  deps: ReadImageDeps,
  named: NamedImage,
  { needed, platforms, withoutPlatforms = false }: ReadOptions,
): Promise<KnownImage> {
  const { reader } = deps
  const address = { account: named.account, name: named.repository }
  const repository = await findRepository(reader, address)
  const found =
    repository === undefined
      ? undefined
      : await lookUpManifestSummary(reader, address, named.reference)
  if (repository === undefined || found?.manifest === undefined || found.isArchived)
    return absentImage(named)
  const { digest, pushedAt, subject } = found.manifest
  const content = deps.contentOf(repository.id)
  const stored = await content.findManifest(digest)
  const parsed = stored === undefined ? undefined : parseManifest(stored.bytes, stored.mediaType)
  const manifest = parsed?.kind === 'parsed' ? parsed.manifest : undefined
  const kind = kindOf(manifest, subject !== undefined)
  const facts =
    withoutPlatforms && kind === 'index'
      ? { created: unsaid, platforms: judgedLater }
      : await readTargets(deps, repository, { digest, manifest, platforms, needed })
  const image = {
    origin: { kind: 'own' },
    repository: repository.name,
    digest,
    named: namedBy(named.reference, repository),
    created: facts.created,
    pushedAt: pushedAt.getTime(),
  } as const
  const trust = await trustOf(deps, { ...named, digest }, needed)
  return { image, evidence: { platforms: facts.platforms, ...trust }, digest, kind }
}

async function readTargets(
  deps: ReadImageDeps,
  repository: Repository,
  { needed, ...asked }: Parameters<typeof targetsOf>[2] & { readonly needed: NeededFacts },
): Promise<Pick<Evidence, 'platforms'> & Pick<ImageFacts, 'created'>> {
  const targets = await targetsOf(deps, repository, asked)
  const content = deps.contentOf(repository.id)
  const now = deps.clock.now()
  const times: (number | 'unsaid' | undefined)[] = []
  for (const { digest } of needed.imageAge ? targets : [])
    times.push(await readCreated({ times: deps.created, content, now }, digest))
  const platforms = await scansOf(deps, repository, targets, needed)
  return { created: createdOf(times), platforms }
}

const unsaid: ImageFacts['created'] = { kind: 'unsaid' }

/** An index runs nowhere: a node asks for one of its images next. */
const judgedLater: readonly PlatformEvidence[] = [
  { scan: { kind: 'scanned', findings: [], note: 'its images are judged when they are pulled' } },
]

function absentImage({ repository, reference }: NamedImage): KnownImage {
  const named =
    reference.kind === 'digest'
      ? ({ kind: 'digest' } as const)
      : ({ kind: 'tag', tag: reference.tag, mutability: 'unknown' } as const)
  return {
    image: { origin: { kind: 'absent' }, repository, named, created: { kind: 'unknown' } },
    evidence: { platforms: [], signatures: {}, provenance: noProvenance },
    digest: undefined,
    kind: 'absent',
  }
}

const noProvenance: ProvenanceEvidence = { kind: 'unknown', why: 'nobody asked' }

/** A node runs an image whatever it says that it is about; of an index with a subject the images are judged when they are pulled. */
function kindOf(manifest: Manifest | undefined, hasSubject: boolean): KnownImage['kind'] {
  if (manifest === undefined) return 'image'
  const found = scannability(manifest)
  if (found === 'index') return hasSubject ? 'statement' : 'index'
  return found === 'none' ? 'statement' : 'image'
}

function namedBy(reference: Reference, { tagMutability }: Repository): ImageFacts['named'] {
  if (reference.kind === 'digest') return { kind: 'digest' }
  const mutability = isImmutable(tagMutability, reference.tag) ? 'immutable' : 'mutable'
  return { kind: 'tag', tag: reference.tag, mutability }
}

/** Of an index the oldest of the images that are judged. */
function createdOf(times: readonly (number | 'unsaid' | undefined)[]): ImageFacts['created'] {
  if (times.length === 0 || times.includes(undefined)) return { kind: 'unknown' }
  if (times.includes('unsaid')) return { kind: 'unsaid' }
  const known = times.filter((time) => typeof time === 'number')
  return { kind: 'known', at: Math.min(...known) }
}

interface Target {
  readonly digest: Digest
  /** Undefined of an image that no index lists. */
  readonly platform: string | undefined
}

async function targetsOf(
  { contentOf }: ScanFactDeps,
  repository: Repository,
  {
    digest,
    manifest,
    platforms,
  }: {
    readonly digest: Digest
    readonly manifest: Manifest | undefined
    readonly platforms: readonly string[] | undefined
  },
): Promise<readonly Target[]> {
  if (manifest?.kind !== 'index') return [{ digest, platform: undefined }]
  const content = contentOf(repository.id)
  const children = platformChildren(manifest).filter(
    ({ platform }) => platforms === undefined || platforms.some((one) => mayRunOn(one, platform)),
  )
  const targets: Target[] = []
  for (const child of children.slice(0, maxPlatforms)) {
    const stored = await content.findManifest(child.digest)
    const parsed = stored === undefined ? undefined : parseManifest(stored.bytes, stored.mediaType)
    // By the child's own words: those of the index about it prove nothing.
    if (parsed?.kind === 'parsed' && scannability(parsed.manifest) === 'none') continue
    targets.push(child)
  }
  if (children.length <= maxPlatforms) return targets
  // What is not looked at is not known: its place is that of a platform that was never scanned.
  return [...targets, { digest, platform: `${children.length - maxPlatforms} more platforms` }]
}

async function scansOf(
  deps: ScanFactDeps,
  repository: Repository,
  targets: readonly Target[],
  needed: NeededFacts,
): Promise<readonly PlatformEvidence[]> {
  const evidence: PlatformEvidence[] = []
  for (const { digest, platform } of targets) {
    const scan = await readScanFacts(deps, repository, digest, needed)
    evidence.push({ digest, scan, ...(platform === undefined ? {} : { platform }) })
  }
  return evidence
}

async function trustOf(
  { trust, clock }: ReadImageDeps,
  asked: Omit<AskedTrust, 'policy'>,
  { signatures: names, provenance }: NeededFacts,
): Promise<Pick<Evidence, 'signatures' | 'provenance'>> {
  const now = clock.now().getTime()
  const signatures: Record<string, SignatureEvidence> = {}
  for (const policy of trust === undefined ? [] : names) {
    const found = await trust?.signature({ ...asked, policy }, now)
    if (found !== undefined) signatures[policy] = found
  }
  if (provenance.kind === 'none') return { signatures, provenance: noProvenance }
  if (provenance.kind === 'unclear')
    return { signatures, provenance: { kind: 'unknown', why: provenance.why } }
  const attestations = await trust?.provenance({ ...asked, policy: provenance.trust }, now)
  const why = 'nobody verified what is said of it'
  return {
    signatures,
    provenance:
      attestations === undefined ? { kind: 'unknown', why } : { kind: 'known', attestations },
  }
}
