// Purpose:  keep records of one module stream or build flavour from packages of another.
// Spec:     Fedora Modularity (`.module` in the release of what is built in a module); Oracle Linux errata (`.ksplice`, `_fips`).
// Input:    what one advisory says of packages, and its summary, which is where AlmaLinux, Rocky Linux and Red Hat name the stream.
// Deviates: the name that is looked up has the stream before it: `nodejs:18::nodejs`, as Red Hat writes it.
// Unknowns: a modular record that names no stream is under `*::name`, and whatever it speaks of is in doubt.
import type { AffectedPackage } from '../advisory.ts'
import { compareRpmVersions } from './version.ts'

const moduleTag = /\.module[_+]el[0-9]/
const streamName = /(?<![\w.+-])(?!(?:AL|RL|RX|RH|EL)[A-Z]{2}-)([\w.+-]+:[\w.+-]+)/g
const maxStreams = 4
const anyStream = '*'
const noStream = 'the record does not name the module stream that it speaks of'

/** Where a package of this stream is looked up; with the records that do not say which stream they mean. */
export function namesInStream(name: string, stream: string): readonly string[] {
  return [`${stream}::${name}`, `${anyStream}::${name}`]
}

/** Whether the release says that it was built in a module, of whatever stream. */
export function isModular(version: string): boolean {
  return moduleTag.test(version)
}

/** Oracle's own builds of a package that have their own errata; undefined for the usual one. */
export function flavourOf(version: string): string | undefined {
  if (version.includes('.ksplice')) return 'ksplice'
  return version.includes('_fips') ? 'fips' : undefined
}

/** Puts each package under the stream or flavour it is meant for, and joins alternatives. */
export function refineRpmAffected(
  affected: readonly AffectedPackage[],
  summary: string | undefined,
): readonly AffectedPackage[] {
  const streams = [...new Set((summary ?? '').match(streamName))].slice(0, maxStreams)
  return joinAlternatives(affected.flatMap((entry) => placesOf(entry, streams)))
}

function placesOf(entry: AffectedPackage, streams: readonly string[]): readonly AffectedPackage[] {
  const { name, ecosystem } = entry
  // Placed already: records made of a feed that tells the stream or flavour itself.
  if (name.includes('::')) return [entry]
  const versions = boundsOf(entry)
  if (versions.some(isModular)) {
    if (streams.length === 0) return [{ ...entry, name: `${anyStream}::${name}`, doubt: noStream }]
    return streams.map((stream) => ({ ...entry, name: `${stream}::${name}` }))
  }
  const flavour = ecosystem.startsWith('Oracle Linux') ? versions.map(flavourOf)[0] : undefined
  return [flavour === undefined ? entry : { ...entry, name: `${flavour}::${name}` }]
}

function boundsOf({ intervals, versions }: AffectedPackage): readonly string[] {
  const ends = intervals.flatMap(({ end }) => (end.kind === 'open' ? [] : [end.version]))
  return [...ends, ...versions]
}

/** AlmaLinux and Rocky Linux list every build that has a fix, also rebuilds for later minor releases. */
const listsRebuilds = /^(?:AlmaLinux|Rocky Linux):/

/**
 * Several builds of one package in one record are fixes each, so the lowest of them is where the flaw ends. By the union
 * of OSV the fix for 8.4 would be affected because another for 8.5 is higher.
 */
function joinAlternatives(affected: readonly AffectedPackage[]): readonly AffectedPackage[] {
  const groups = Map.groupBy(affected, ({ ecosystem, name }) => `${ecosystem}\n${name}`)
  return [...groups.values()].flatMap((group) => {
    const fixes = group.flatMap(onlyFix)
    const [first] = group
    const isList = group.length > 1 && fixes.length === group.length
    if (first === undefined || !isList || !listsRebuilds.test(first.ecosystem)) return group
    const version = fixes.reduce((low, fix) => (isLower(fix, low) ? fix : low))
    return [{ ...first, intervals: [{ introduced: undefined, end: { kind: 'fixed', version } }] }]
  })
}

/** The version from which on an entry calls the package fixed, where it says that and nothing else. */
function onlyFix({ intervals, versions, unknownRanges }: AffectedPackage): readonly string[] {
  const [interval] = intervals
  const isOnly = intervals.length === 1 && versions.length === 0 && unknownRanges.length === 0
  if (!isOnly || interval?.introduced !== undefined || interval?.end.kind !== 'fixed') return []
  return [interval.end.version]
}

function isLower(a: string, b: string): boolean {
  const result = compareRpmVersions(a, b)
  return result.kind === 'ordered' && result.order < 0
}
