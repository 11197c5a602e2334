import type { SqlReader } from '../storage/database/database.ts'
import { severities, type Severity } from '../ecosystems/severity.ts'
import { formatPurl } from '../ecosystems/purl.ts'
import { readAdvisoryState } from './advisory-state-store.ts'
import type { ScannedInstance } from './image-scan.ts'
import { listMatches, type PackageFinding } from './list-matches.ts'
import { findPackage, type InternedPackage } from './package-store.ts'

/** One vulnerability of one package of an image. */
export interface Finding extends Omit<PackageFinding, 'packageId'> {
  readonly package: {
    readonly type: string
    readonly name: string
    readonly version: string
    readonly purl: string
  }
  /** Where it lies, in order of paths. */
  readonly paths: readonly string[]
  readonly layerDigest: string
}

export interface FindingList {
  /** Sorted by severity, then vulnerability, package and version. */
  readonly findings: readonly Finding[]
  readonly counts: SeverityCounts
  /** Everything that was known by this revision is taken into account; of a newer one perhaps not all yet. */
  readonly dataRevision: number
}

/** Only severities that occur. */
export type SeverityCounts = Readonly<Partial<Record<Severity, number>>>

/**
 * Findings of packages at places, as the newest data has them: a join of what the image holds with what is known of
 * each package. What cannot be judged is a finding of undefined severity, never left out.
 */
export async function listFindings(
  reader: SqlReader,
  instances: readonly ScannedInstance[],
): Promise<FindingList> {
  const { revision, evaluatedRevision } = await readAdvisoryState(reader)
  const places = new Map<number, ScannedInstance[]>()
  for (const instance of instances) {
    const known = places.get(instance.packageId)
    if (known === undefined) places.set(instance.packageId, [instance])
    else known.push(instance)
  }
  // Not those of the evaluated revision: a package first seen since then has matches of the newest one only.
  const matches = await listMatches(reader, [...places.keys()], revision)
  const findings: Finding[] = []
  let found: InternedPackage | undefined
  for (const match of matches) {
    // Matches of one package come together.
    if (found?.id !== match.packageId) found = await findPackage(reader, match.packageId)
    if (found !== undefined)
      findings.push(findingOf(match, found, places.get(match.packageId) ?? []))
  }
  findings.sort(compareFindings)
  return { findings, counts: countSeverities(findings), dataRevision: evaluatedRevision }
}

function findingOf(
  { packageId: _packageId, ...match }: PackageFinding,
  found: InternedPackage,
  places: readonly ScannedInstance[],
): Finding {
  const { type, name, version } = found.package
  const isUnknown = match.verdict === 'unknown'
  return {
    ...match,
    ...(isUnknown ? { severity: 'UNDEFINED' as const } : {}),
    package: { type, name, version, purl: formatPurl(found.package, found.distribution) },
    paths: [...new Set(places.map(({ path }) => path))].toSorted(),
    layerDigest: places[0]?.layerDigest ?? '',
  }
}

function compareFindings(a: Finding, b: Finding): number {
  return (
    severities.indexOf(a.severity) - severities.indexOf(b.severity) ||
    compareText(a.vulnerability, b.vulnerability) ||
    compareText(a.package.name, b.package.name) ||
    compareText(a.package.version, b.package.version)
  )
}

function compareText(a: string, b: string): number {
  if (a === b) return 0
  return a < b ? -1 : 1
}

function countSeverities(findings: readonly Finding[]): SeverityCounts {
  const counts: Partial<Record<Severity, number>> = {}
  for (const { severity } of findings) counts[severity] = (counts[severity] ?? 0) + 1
  return counts
}
