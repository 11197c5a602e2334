// One flaw in one image with everything that is told of it: what AWS's doors, reports and events spell, each in its way.
import { compareText } from '../ecosystems/digits.ts'
import { allExtractors, findEcosystem } from '../ecosystems/table.ts'
import { severities, type Severity } from '../ecosystems/severity.ts'
import type { Digest } from '../oci/digest.ts'
import type { AccountId } from '../policy/account-id.ts'
import { parsePurl } from '../lib/purl.ts'
import type { ImageUse } from '../running/image-use.ts'
import type { Finding } from './list-findings.ts'
import type { Exploitation } from './read-flaw-facts.ts'
import { findingId } from './rules/finding-id.ts'
import { vendorWord } from './rules/record-order.ts'
import { splitVersion, type SplitVersion } from './rules/split-version.ts'
import { describeSuppression, type Suppression } from './rules/suppression.ts'

/** An image as its findings show it. */
export interface RecordedImage {
  readonly account: AccountId
  readonly repositoryId: number
  readonly repository: string
  readonly digest: Digest
  /** In order. */
  readonly tags: readonly string[]
  /** Resource tags of its repository. */
  readonly repositoryTags: readonly { readonly key: string; readonly value: string }[]
  readonly pushedAt: Date
  readonly pushedBy: string
  readonly lastPulledAt: Date | undefined
  /** Where it runs; undefined where no cluster of the account ever told anything. */
  readonly use: ImageUse | undefined
  /** As its config says; undefined of images that were scanned before this was kept. */
  readonly architecture: string | undefined
  /** `DEBIAN_12`; undefined where no distribution was recognised. */
  readonly platform: string | undefined
  /** When its first scan ended, or was asked for as long as none has. */
  readonly firstScannedAt: Date
  /** Of an image that left continuous scanning, the revision of the data of which its findings are. */
  readonly asOf: number | undefined
}

/** SUPPRESSED: nothing of it counts, since somebody or the distribution holds it back. CLOSED: it was there and is not any more. */
export type RecordStatus = 'ACTIVE' | 'SUPPRESSED' | 'CLOSED'

export interface RecordedPackage extends SplitVersion {
  readonly name: string
  readonly purl: string
  readonly architecture?: string
  /** AWS's word; absent where it has none for this kind of package. */
  readonly packageManager?: string
  readonly path: string
  readonly layerDigest: string
  /** What mends it for everybody. */
  readonly fixedVersion?: string
  /** For a person. */
  readonly remedy: string
}

/** A score by its vector, and who gave it. */
export interface RecordedScore {
  readonly score: number
  readonly vector: string
  /** `3.1` */
  readonly version: string
  readonly source: string
}

export interface FindingRecord {
  /** 32 hex digits that never change. */
  readonly id: string
  readonly status: RecordStatus
  readonly image: RecordedImage
  readonly vulnerability: string
  readonly aliases: readonly string[]
  readonly title: string
  readonly description: string
  readonly severity: Severity
  /** What the source itself calls the severity; undefined where it was taken from a score. */
  readonly vendorSeverity: string | undefined
  /** That of the severity, where there is one. */
  readonly score: RecordedScore | undefined
  /** All that are known, each once. */
  readonly scores: readonly RecordedScore[]
  /** Who tells of the flaw, and where. */
  readonly source: string
  readonly sourceUrl: string
  readonly sourceUpdatedAt: Date | undefined
  /** Each at each place, at most `maxRecordedPackages`. */
  readonly packages: readonly RecordedPackage[]
  readonly fixAvailable: 'YES' | 'PARTIAL' | 'NO'
  /** What to do, for a person. */
  readonly remediation: string
  readonly exploitation: Exploitation
  readonly firstObservedAt: Date
  /** When it last changed: what only goes on does not move it. */
  readonly updatedAt: Date
  /** Of a suppressed one, who holds it back and why. */
  readonly suppressions: readonly Suppression[]
}

/** A library may lie in thousands of places; the first of them are told. */
export const maxRecordedPackages = 100
const longestText = 1024

/**
 * Since when data says so: first, and last changed. Both from the times of the data's revisions, of all packages of the image that
 * have the flaw.
 */
export interface FlawTimes {
  readonly firstSaidAt: Date
  readonly changedAt: Date
}

/**
 * The record of one flaw in one image: `findings` are those of this flaw, of each package one, at least one; those that are held
 * back count only where all are. `isClosed`: they are of the last revision that knew them.
 */
export function recordFinding(
  image: RecordedImage,
  findings: readonly [Finding, ...Finding[]],
  { times, isClosed = false }: { readonly times: FlawTimes; readonly isClosed?: boolean },
): FindingRecord {
  const open = findings.filter(({ suppression }) => suppression === undefined)
  const [worst = findings[0], ...others] = (open.length === 0 ? findings : open).toSorted(byWorst)
  const told = [worst, ...others]
  const suppressions = open.length > 0 ? [] : told.flatMap(({ suppression }) => suppression ?? [])
  const { vulnerability, score, vector, severitySource, advisory } = worst
  const scores = told.flatMap((finding) => scoreOf(finding) ?? [])
  const firstObservedAt = latest(image.firstScannedAt, times.firstSaidAt)
  return {
    id: findingId(image, vulnerability),
    status: isClosed ? 'CLOSED' : suppressions.length > 0 ? 'SUPPRESSED' : 'ACTIVE',
    image,
    vulnerability,
    aliases: [...new Set(told.flatMap(({ aliases }) => aliases))].toSorted(),
    title: titleOf(vulnerability, told),
    description: describe(worst, told, suppressions),
    severity: worst.severity,
    vendorSeverity: vendorWord(severitySource),
    score: score === undefined || vector === undefined ? undefined : scoreOf(worst),
    scores: [...new Map(scores.map((one) => [`${one.vector} ${one.source}`, one])).values()],
    source: advisory.source,
    sourceUrl: worst.url,
    sourceUpdatedAt: advisory.modified,
    packages: placesOf(told),
    fixAvailable: fixOf(told),
    remediation: remediationOf(told),
    exploitation: worst.exploitation,
    firstObservedAt,
    updatedAt: latest(firstObservedAt, times.changedAt),
    suppressions,
  }
}

function byWorst(a: Finding, b: Finding): number {
  return (
    severities.indexOf(a.severity) - severities.indexOf(b.severity) ||
    (b.score ?? -1) - (a.score ?? -1) ||
    compareText(a.package.name, b.package.name) ||
    compareText(a.package.purl, b.package.purl)
  )
}

function latest(a: Date, b: Date): Date {
  return a > b ? a : b
}

const namesInTitle = 5

function titleOf(vulnerability: string, findings: readonly Finding[]): string {
  const names = [...new Set(findings.map((finding) => finding.package.name))].toSorted()
  const more = names.length - namesInTitle
  const shown = names.slice(0, namesInTitle).join(', ')
  return capped(`${vulnerability} - ${shown}${more > 0 ? ` and ${more} more` : ''}`)
}

/** What is held back says by whom: there is no other place that every client shows. */
function describe(
  worst: Finding,
  findings: readonly Finding[],
  suppressions: readonly Suppression[],
): string {
  const { summary, vulnerability, verdict } = worst
  const names = [...new Set(findings.map((finding) => finding.package.name))].toSorted()
  const held = [...new Set(suppressions.map(describeSuppression))]
  const parts = [
    ...(held.length === 0 ? [] : [`Not counted: ${held.join('; ')}.`]),
    ...(verdict === 'unknown' ? ['The version or the range cannot be judged.'] : []),
    summary ?? `${vulnerability} in ${names.slice(0, namesInTitle).join(', ')}`,
  ]
  return capped(parts.join(' '))
}

function capped(text: string): string {
  return text.length <= longestText ? text : `${text.slice(0, longestText - 1)}…`
}

function scoreOf({ score, vector, severitySource, advisory }: Finding): RecordedScore | undefined {
  if (score === undefined || vector === undefined) return undefined
  const version = /^CVSS:([0-9.]+)\//.exec(vector)?.[1] ?? '2.0'
  return { score, vector, version, source: sourceOfScore(severitySource) ?? advisory.source }
}

/** `NVD CVSS 3.1` names who scored; `CVSS 3.1` alone is the record's own. */
function sourceOfScore(severitySource: string | undefined): string | undefined {
  const who = /^(.+) CVSS [0-9.]+$/.exec(severitySource ?? '')?.[1]
  return who === undefined || who === '' ? undefined : who
}

function fixOf(findings: readonly Finding[]): FindingRecord['fixAvailable'] {
  const fixed = findings.filter(({ fix }) => fix.state === 'fixed').length
  if (fixed === 0) return 'NO'
  return fixed === findings.length ? 'YES' : 'PARTIAL'
}

function remediationOf(findings: readonly Finding[]): string {
  const steps = findings.map(({ package: it, fix }) => `${it.name} ${it.version}: ${fix.words}`)
  return capped([...new Set(steps)].join('; '))
}

/** One place of each package before the further ones of any. */
function placesOf(findings: readonly Finding[]): readonly RecordedPackage[] {
  const all = findings.map(packagesOf)
  const firsts = all.flatMap(([first]) => first ?? [])
  const others = all.flatMap(([, ...rest]) => rest)
  return [...firsts, ...others].slice(0, maxRecordedPackages)
}

function packagesOf(finding: Finding): readonly RecordedPackage[] {
  const { package: it, fix, places } = finding
  const { qualifiers } = parsePurl(it.purl) ?? { qualifiers: new Map<string, string>() }
  const architecture = qualifiers.get('arch')
  const facts = {
    name: it.name,
    purl: it.purl,
    ...splitVersion(it.type, it.version),
    ...(architecture === undefined ? {} : { architecture }),
    ...(fix.state === 'fixed' && fix.version !== undefined ? { fixedVersion: fix.version } : {}),
    remedy: capped(fix.words),
  }
  return places.slice(0, maxRecordedPackages).map(({ path, layerDigest, extractorId }) => {
    const word = packageManagerOf(it.type, extractorId)
    return { ...facts, path, layerDigest, ...(word === undefined ? {} : { packageManager: word }) }
  })
}

/** By what read it, else by the kind of package; AWS has no word for the others. */
export function packageManagerOf(type: string, extractorId: string): string | undefined {
  const extractor = extractors.get(extractorId)
  const word = extractor?.packageManager ?? findEcosystem(type)?.packageManager
  return word !== undefined && packageManagers.has(word) ? word : undefined
}

const extractors = new Map(allExtractors().map((extractor) => [extractor.id, extractor]))

/** Inspector's enumeration: clients refuse another word. */
const packageManagers: ReadonlySet<string> = new Set(
  `BUNDLER CARGO COMPOSER NPM NUGET PIPENV POETRY YARN GOBINARY GOMOD JAR OS PIP PYTHONPKG NODEPKG POM GEMSPEC
  DOTNET_CORE`.split(/\s+/),
)
