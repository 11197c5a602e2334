import { compareText } from '../ecosystems/digits.ts'
import type { PackageEvidence } from '../ecosystems/ecosystem.ts'
import { formatPurl } from '../ecosystems/purl.ts'
import { severities, type Severity } from '../ecosystems/severity.ts'
import { yieldToEventLoop } from '../lib/yield-to-event-loop.ts'
import { findEcosystem } from '../ecosystems/table.ts'
import type { SqlReader } from '../storage/database/database.ts'
import { readAdvisoryState } from './advisory-state-store.ts'
import { readFlawFacts, type Exploitation, type FlawFacts } from './read-flaw-facts.ts'
import type { ScannedInstance } from './image-scan.ts'
import { judgeAnew } from './judge-anew.ts'
import { listMatches, type PackageFinding } from './list-matches.ts'
import { OwnerReader, type FindingPlace } from './owner-reader.ts'
import { listPackages, type InternedPackage } from './package-store.ts'
import { confidenceOf, type Confidence } from './rules/confidence.ts'
import { adviseFix, type FixAdvice } from './rules/fix-advice.ts'
import {
  judgeFlaw,
  type ImageSuppressions,
  type Remarks,
  type Suppression,
} from './rules/suppression.ts'
import { rateFinding } from './rules/rate-finding.ts'
import type { Digest } from '../oci/digest.ts'
import { parsePurl } from '../lib/purl.ts'

/** One vulnerability of one package of an image. */
export interface Finding extends Omit<PackageFinding, 'packageId'>, Remarks {
  readonly package: {
    readonly type: string
    readonly name: string
    readonly version: string
    readonly purl: string
  }
  /** In order of paths. */
  readonly places: readonly FindingPlace[]
  readonly paths: readonly string[]
  readonly layerDigest: string
  readonly confidence: Confidence
  readonly exploitation: Exploitation
  readonly fix: FixAdvice
  /** Present on those that are listed apart, since something speaks against them. */
  readonly suppression?: Suppression
}

export interface FindingList {
  /** Sorted by severity, then vulnerability, package and version. */
  readonly findings: readonly Finding[]
  /** The same of those that are not counted, each with who says why. */
  readonly suppressed: readonly Finding[]
  /** Of `findings`. */
  readonly counts: SeverityCounts
  /** Everything that was known by this revision is taken into account; of a newer one perhaps not all yet. */
  readonly dataRevision: number
}

/** Only severities that occur. */
export type SeverityCounts = Readonly<Partial<Record<Severity, number>>>

/** Which of the findings filters of the account hold back, as one image or the platforms of an index have them. */
export type FilterJudge = (
  found: readonly FoundInImages[],
) => Promise<ReadonlyMap<Finding, Suppression>>

/** A finding, and the images of its places. */
export interface FoundInImages {
  readonly finding: Finding
  readonly images: readonly Digest[]
}

/** What is in force for images, with the filters that speak of whole findings. */
export interface FindingSuppressions extends ImageSuppressions {
  readonly filters?: FilterJudge
}

export interface FindingsAsked {
  readonly asOf?: number | undefined
  readonly known?: readonly PackageFinding[] | undefined
  /** With the revisions since which each is said; that of filters needs them anyway. */
  readonly withHistory?: boolean
}

/**
 * Findings of packages at places, as the newest data has them: a join of what the image holds with what is known of
 * each package. What cannot be judged is a finding of undefined severity, never left out. `suppressions`: what is in force
 * for the images of the instances; without it nothing but the distribution's word holds a finding back, and no advice
 * says that a release has ended. `asOf`: the findings of an earlier revision, at which every package had been evaluated.
 * `known`: the matches of the packages where the caller has them at hand.
 */
export async function listFindings(
  reader: SqlReader,
  instances: readonly ScannedInstance[],
  suppressions?: FindingSuppressions,
  { asOf, known, withHistory = false }: FindingsAsked = {},
): Promise<FindingList> {
  const state = await readAdvisoryState(reader)
  const revision = asOf ?? state.revision
  const ids = new Set(instances.filter(isCounting).map(({ packageId }) => packageId))
  const hasHistory = withHistory || suppressions?.filters !== undefined
  const isNow = asOf === undefined && known === undefined
  const instead = isNow ? await judgeAnew(reader, [...ids], state) : undefined
  const matches =
    known ?? (await listMatches(reader, [...ids], revision, { withHistory: hasHistory, instead }))
  const all = await findingsOf(reader, instances, { matches, revision, suppressions })
  const findings = all.filter(({ suppression }) => suppression === undefined)
  const suppressed = all.filter(({ suppression }) => suppression !== undefined)
  const counts = countSeverities(findings)
  return {
    findings,
    suppressed,
    counts,
    dataRevision: asOf ?? (isNow ? state.revision : state.evaluatedRevision),
  }
}

function isCounting({ passedOver }: ScannedInstance): boolean {
  return passedOver === undefined
}

/** Some ten milliseconds. */
const listedAtOnce = 200

/** The same for matches that are at hand, as they are at a revision: held back or not, in one list. */
export async function findingsOf(
  reader: SqlReader,
  instances: readonly ScannedInstance[],
  {
    matches,
    revision,
    suppressions,
  }: {
    readonly matches: readonly PackageFinding[]
    readonly revision: number
    readonly suppressions: FindingSuppressions | undefined
  },
): Promise<readonly Finding[]> {
  const places = Map.groupBy(instances.filter(isCounting), ({ packageId }) => packageId)
  const owners = new OwnerReader(reader, revision)
  const factsOf = await readFlawFacts(reader, matches)
  const now = suppressions?.now
  const listed: FoundInImages[] = []
  const ids = [...new Set(matches.map(({ packageId }) => packageId))]
  const packages = new Map((await listPackages(reader, ids)).map((found) => [found.id, found]))
  for (const match of matches) {
    const found = packages.get(match.packageId)
    if (found === undefined) continue
    const at = places.get(match.packageId) ?? []
    const flaw = factsOf(match)
    const finding = await findingOf(match, { found, owners, at, flaw, now })
    const images = [...new Set(at.flatMap(({ imageDigest }) => imageDigest ?? []))]
    listed.push({ finding: heldAgainst(finding, at, suppressions), images })
    if (listed.length % listedAtOnce === 0) await yieldToEventLoop()
  }
  return (await heldByFilters(listed, suppressions?.filters)).toSorted(compareFindings)
}

/** Only where nothing else holds them back. */
async function heldByFilters(
  found: readonly FoundInImages[],
  filters: FilterJudge | undefined,
): Promise<readonly Finding[]> {
  const held = (await filters?.(found)) ?? new Map<Finding, Suppression>()
  return found.map(({ finding }) => {
    const suppression = finding.suppression ?? held.get(finding)
    return suppression === undefined ? finding : { ...finding, suppression }
  })
}

/** What the distribution says goes before: it is about the flaw in this very system. */
function heldAgainst(
  finding: Finding,
  at: readonly ScannedInstance[],
  suppressions: ImageSuppressions | undefined,
): Finding {
  if (suppressions === undefined || finding.suppression !== undefined) return finding
  const { type, name, version, purl } = finding.package
  const { suppression, remarks } = judgeFlaw(suppressions, {
    vulnerability: finding.vulnerability,
    aliases: finding.aliases,
    package: { type, name, version, purl: parsePurl(purl) },
    places: at.map(({ path, imageDigest }) => ({ path, imageDigest })),
  })
  return { ...finding, ...remarks, ...(suppression === undefined ? {} : { suppression }) }
}

async function findingOf(
  { packageId: _packageId, ...match }: PackageFinding,
  {
    found,
    owners,
    at,
    flaw,
    now,
  }: {
    readonly found: InternedPackage
    readonly owners: OwnerReader
    readonly at: readonly ScannedInstance[]
    readonly flaw: FlawFacts
    readonly now: Date | undefined
  },
): Promise<Finding> {
  const { type, name, version } = found.package
  const places = await owners.describePlaces(at)
  // One place that nobody else answers for is enough for the library to answer for itself.
  const ownerIds = new Set(at.map(({ ownerId }) => ownerId))
  const suppression = await owners.suppress(found.package, match, ownerIds)
  return {
    ...match,
    ...rateFinding(match, flaw.rating),
    exploitation: flaw.exploitation,
    fix: adviseFix(
      { fixedVersion: match.fixedVersion, statement: match.evidence.fix },
      found.distribution,
      now,
    ),
    package: { type, name, version, purl: formatPurl(found.package, found.distribution) },
    places,
    paths: [...new Set(places.map(({ path }) => path))],
    layerDigest: at[0]?.layerDigest ?? '',
    confidence: confidenceOf({
      verdict: match.verdict,
      isSystemPackage: findEcosystem(type)?.packageManager === 'OS',
      evidence: bestEvidence(at),
      isOwned: !ownerIds.has(undefined),
    }),
    ...(suppression === undefined ? {} : { suppression }),
  }
}

function bestEvidence(at: readonly ScannedInstance[]): PackageEvidence {
  const order = ['installed', 'declared', 'recognised'] as const
  return order.find((evidence) => at.some((place) => place.evidence === evidence)) ?? 'recognised'
}

function compareFindings(a: Finding, b: Finding): number {
  return (
    severities.indexOf(a.severity) - severities.indexOf(b.severity) ||
    compareText(a.vulnerability, b.vulnerability) ||
    compareText(a.package.name, b.package.name) ||
    compareText(a.package.version, b.package.version)
  )
}

function countSeverities(findings: readonly Finding[]): SeverityCounts {
  const counts: Partial<Record<Severity, number>> = {}
  for (const { severity } of findings) counts[severity] = (counts[severity] ?? 0) + 1
  return counts
}
