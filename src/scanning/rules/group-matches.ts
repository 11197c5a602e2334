import { compareText } from '../../ecosystems/digits.ts'
import { severities } from '../../ecosystems/severity.ts'
import type { Severity } from '../../ecosystems/severity.ts'
import { vulnerabilitiesOf } from '../../ecosystems/vulnerability-group.ts'
import type { AdvisoryIds } from './storable-advisory.ts'

/** What grouping must know of a match of one package. */
export interface GroupableMatch {
  readonly vulnerability: string
  readonly verdict: 'affected' | 'unknown'
  readonly severity: Severity
  readonly score: number | undefined
  readonly fixedVersion: string | undefined
  readonly advisory: { readonly id: string; readonly source: string; readonly isStarter: boolean }
  readonly ids: AdvisoryIds
}

export interface MatchGroup<M extends GroupableMatch> {
  readonly vulnerability: string
  /** Every other id of the flaw, and of the records that tell of it. */
  readonly aliases: readonly string[]
  /** The record that speaks for the group. */
  readonly best: M
  readonly members: readonly M[]
}

/**
 * One group for each flaw of one package, however many records tell of it. Flaws with a CVE are told apart by it; one
 * without joins the group that knows its name, unless two CVEs claim it.
 */
export function groupMatches<M extends GroupableMatch>(
  matches: readonly M[],
): readonly MatchGroup<M>[] {
  const named = new Map<string, Named<M>>()
  for (const match of matches) {
    const names = namesOf(match)
    const group = named.get(match.vulnerability) ?? { members: [], names: new Set<string>() }
    group.members.push(match)
    for (const name of names) group.names.add(name)
    named.set(match.vulnerability, group)
  }
  joinUnnumbered(named)
  return [...named.entries()]
    .map(([vulnerability, { members, names }]) => {
      const [best = members[0], ...others] = members.toSorted(compareSources)
      if (best === undefined) throw new Error('a group of matches is empty')
      const aliases = [...names].filter((name) => name !== vulnerability).toSorted()
      return { vulnerability, aliases, best, members: [best, ...others] }
    })
    .toSorted((a, b) => compareText(a.vulnerability, b.vulnerability))
}

interface Named<M> {
  readonly members: M[]
  readonly names: Set<string>
}

function joinUnnumbered<M>(named: Map<string, Named<M>>): void {
  // GHSA before others, so that it stays where several unnumbered names meet.
  const unnumbered = [...named.keys()].filter((id) => !isCve(id)).toSorted(compareUnnumbered)
  for (const id of unnumbered.toReversed()) {
    const group = named.get(id)
    if (group === undefined) continue
    const known = [...named].filter(
      ([other, { names }]) => other !== id && [...group.names].some((name) => names.has(name)),
    )
    const numbered = known.filter(([other]) => isCve(other))
    const [home] = numbered.length === 1 ? numbered : numbered.length === 0 ? known : []
    if (home === undefined) continue
    home[1].members.push(...group.members)
    for (const name of group.names) home[1].names.add(name)
    named.delete(id)
  }
}

/** The ids under which this record knows this flaw; a bundle's other flaws are not among them. */
function namesOf({ vulnerability, advisory, ids }: GroupableMatch): readonly string[] {
  const flaws = vulnerabilitiesOf({ id: advisory.id, ...ids })
  const flaw = flaws.find(({ id }) => id === vulnerability)
  return [vulnerability, advisory.id, ...(flaw?.aliases ?? [])]
}

/** Best first: a record of a real source, one that is sure, one that has a severity, a score, a fix; then by id. */
function compareSources(a: GroupableMatch, b: GroupableMatch): number {
  const known = ({ severity }: GroupableMatch): number => Number(severity !== 'UNDEFINED')
  return (
    Number(a.advisory.isStarter) - Number(b.advisory.isStarter) ||
    Number(a.verdict === 'unknown') - Number(b.verdict === 'unknown') ||
    known(b) - known(a) ||
    Number(b.score !== undefined) - Number(a.score !== undefined) ||
    Number(b.fixedVersion !== undefined) - Number(a.fixedVersion !== undefined) ||
    severities.indexOf(a.severity) - severities.indexOf(b.severity) ||
    compareText(a.advisory.id, b.advisory.id) ||
    compareText(a.advisory.source, b.advisory.source)
  )
}

function compareUnnumbered(a: string, b: string): number {
  return rankOf(a) - rankOf(b) || compareText(a, b)
}

function isCve(id: string): boolean {
  return id.startsWith('CVE-')
}

function rankOf(id: string): number {
  return id.startsWith('GHSA-') ? 0 : 1
}
