// Purpose:  read one advisory record.
// Spec:     Open Source Vulnerability format 1.7: affected[].ranges[].events, versions, aliases, upstream, withdrawn.
// Input:    one parsed JSON document of a feed or an import; hostile.
// Deviates: ranges of type GIT are noted and not judged, since packages in images have no commits.
// Unknowns: a record without an id or with members of another type is refused with the reason; a range that cannot be ordered is kept as unknown.
import type { Advisory, AffectedPackage, Reference, SeverityRating } from './advisory.ts'
import { readFixStatement } from './fix-state.ts'
import { readRange } from './osv-range.ts'
import type { Ecosystem } from './ecosystem.ts'
import { ecosystemOfAdvisory } from './table.ts'

export type AdvisoryReading =
  | { readonly kind: 'advisory'; readonly advisory: Advisory }
  | { readonly kind: 'refused'; readonly reason: string }

const maxAffected = 50_000
const maxVersions = 20_000
const maxIds = 1000
const maxReferences = 50
const maxSummary = 500
const maxDetails = 8000

export function parseOsvRecord(document: unknown): AdvisoryReading {
  if (!isRecord(document)) return refused('is not a JSON object')
  const id = document['id']
  if (typeof id !== 'string' || id === '') return refused('has no id')
  if (!/^[\x21-\x7e]{1,128}$/.test(id))
    return refused('has an id that is not 1 to 128 visible characters')
  const affected = document['affected'] ?? []
  if (!Array.isArray(affected)) return refused('affected is not a list')
  if (affected.length > maxAffected) return refused(`affected has more than ${maxAffected} entries`)
  const packages: AffectedPackage[] = []
  for (const [index, entry] of affected.entries()) {
    const read = readAffected(entry, index)
    if (typeof read === 'string') return refused(read)
    if (read !== undefined) packages.push(read)
  }
  const told = describe(document)
  return {
    kind: 'advisory',
    advisory: { id, ...told, affected: refine(packages, told.summary) },
  }
}

/** Ecosystems whose records say more of a package than its name have a word here. */
function refine(
  packages: readonly AffectedPackage[],
  summary: string | undefined,
): readonly AffectedPackage[] {
  const byRefiner = Map.groupBy(packages, ({ ecosystem }) => refinerOf(ecosystem))
  const plain = byRefiner.get(undefined) ?? []
  const refined = [...byRefiner].flatMap(
    ([owner, own]) => owner?.refineAffected?.(own, summary) ?? [],
  )
  return [...plain, ...refined]
}

function refinerOf(ecosystem: string): Ecosystem | undefined {
  const owner = ecosystemOfAdvisory(ecosystem)
  return owner?.refineAffected === undefined ? undefined : owner
}

function describe(document: Readonly<Record<string, unknown>>): Omit<Advisory, 'id' | 'affected'> {
  const specific = document['database_specific']
  return {
    modified: readInstant(document['modified']),
    published: readInstant(document['published']),
    withdrawn: readInstant(document['withdrawn']),
    aliases: readIds(document['aliases']),
    upstream: readIds(document['upstream']),
    summary: readText(document['summary'], maxSummary),
    details: readText(document['details'], maxDetails),
    severities: readSeverities(document['severity']),
    severityWord: isRecord(specific) ? readText(specific['severity'], 64) : undefined,
    references: readReferences(document['references']),
  }
}

/** undefined for an entry about no package (GIT only), a string for one that cannot be read. */
function readAffected(entry: unknown, index: number): AffectedPackage | string | undefined {
  const place = `affected[${index}]`
  if (!isRecord(entry)) return `${place} is not an object`
  const named = readPackageName(entry['package'], place)
  if (named === undefined || typeof named === 'string') return named
  const lists = readLists(entry, place)
  if (typeof lists === 'string') return lists
  const { ecosystem, name } = named
  const owner = ecosystemOfAdvisory(ecosystem)
  const read = lists.ranges.map((range) => readRange(range, owner?.compareVersions))
  const intervals = read.flatMap((range) => (range.kind === 'intervals' ? range.intervals : []))
  const isFixed = intervals.some(({ end }) => end.kind === 'fixed')
  const specific = entry['ecosystem_specific']
  const fix = readFixStatement(ecosystem, isRecord(specific) ? specific : {}, isFixed)
  return {
    ecosystem,
    name: owner?.normaliseName(name) ?? name,
    intervals,
    versions: lists.versions.filter((version) => typeof version === 'string'),
    unknownRanges: read.flatMap((range) => (range.kind === 'unknown' ? [range.reason] : [])),
    severities: readSeverities(entry['severity']),
    severityWord: wordOf(entry),
    ...(fix !== undefined && { fix }),
  }
}

function readPackageName(
  value: unknown,
  place: string,
): { readonly ecosystem: string; readonly name: string } | string | undefined {
  if (value === undefined || value === null) return undefined
  if (!isRecord(value)) return `${place}.package is not an object`
  const { ecosystem, name } = value
  if (typeof ecosystem !== 'string' || typeof name !== 'string') {
    return `${place}.package has no ecosystem or no name`
  }
  if (ecosystem === '' || name === '') return `${place}.package has no ecosystem or no name`
  const isLong = ecosystem.length > 128 || name.length > 512
  return isLong ? `${place}.package has an overlong name` : { ecosystem, name }
}

function readLists(
  entry: Readonly<Record<string, unknown>>,
  place: string,
): { readonly ranges: readonly unknown[]; readonly versions: readonly unknown[] } | string {
  const { ranges = [], versions = [] } = entry
  if (!Array.isArray(ranges) || !Array.isArray(versions)) {
    return `${place}.ranges or .versions is not a list`
  }
  const isLong = versions.length > maxVersions
  return isLong ? `${place}.versions has more than ${maxVersions} entries` : { ranges, versions }
}

/** Distributions put their word beside the package; `urgency` is Debian's. */
function wordOf(entry: Readonly<Record<string, unknown>>): string | undefined {
  for (const member of ['ecosystem_specific', 'database_specific']) {
    const specific = entry[member]
    if (!isRecord(specific)) continue
    const word = readText(specific['severity'], 64) ?? readText(specific['urgency'], 64)
    if (word !== undefined) return word
  }
  return undefined
}

function readSeverities(value: unknown): readonly SeverityRating[] {
  if (!Array.isArray(value)) return []
  return value.slice(0, 16).flatMap((entry: unknown) => {
    if (!isRecord(entry)) return []
    const { type, score } = entry
    const isRating = typeof type === 'string' && typeof score === 'string'
    return isRating ? [{ type: type.slice(0, 64), score: score.slice(0, 512) }] : []
  })
}

function readReferences(value: unknown): readonly Reference[] {
  if (!Array.isArray(value)) return []
  return value.slice(0, maxReferences).flatMap((entry: unknown) => {
    if (!isRecord(entry)) return []
    const { type, url } = entry
    // Only addresses that a person may follow from a page.
    if (typeof url !== 'string' || !/^https?:\/\/[^\s]{1,2000}$/.test(url)) return []
    return [{ type: typeof type === 'string' ? type.slice(0, 32) : 'WEB', url }]
  })
}

function readIds(value: unknown): readonly string[] {
  if (!Array.isArray(value)) return []
  return value
    .filter((id): id is string => typeof id === 'string' && /^[\x21-\x7e]{1,128}$/.test(id))
    .slice(0, maxIds)
}

function readInstant(value: unknown): string | undefined {
  return typeof value === 'string' && value.length <= 64 && !Number.isNaN(Date.parse(value))
    ? value
    : undefined
}

function readText(value: unknown, longest: number): string | undefined {
  return typeof value === 'string' && value !== '' ? value.slice(0, longest) : undefined
}

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

function refused(reason: string): AdvisoryReading {
  return { kind: 'refused', reason }
}
