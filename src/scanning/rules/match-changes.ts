/** What to write so that the matches of a package are those that were judged just now, and what it means to a user. */
export interface MatchChanges<J> {
  /** Rows of matches that are not in force any more. */
  readonly ended: readonly number[]
  readonly added: readonly J[]
  readonly findings: FindingChanges
}

/** By vulnerability; a record that was only renewed changes none. */
export interface FindingChanges {
  readonly opened: readonly string[]
  readonly closed: readonly string[]
  readonly changed: readonly string[]
}

interface Faced {
  readonly vulnerability: string
  readonly advisoryRow: number
  readonly face: string
}

export function planMatchChanges<J extends Faced>(
  present: readonly (Faced & { readonly id: number })[],
  judged: readonly J[],
): MatchChanges<J> {
  const kept = new Set(judged.map(identity))
  const there = new Set(present.map(identity))
  return {
    ended: present.filter((match) => !kept.has(identity(match))).map(({ id }) => id),
    added: judged.filter((match) => !there.has(identity(match))),
    findings: compareFindings(facesOf(present), facesOf(judged)),
  }
}

/** Whether there is nothing to write: mostly so, so asked before anything is planned. Neither list has a match twice. */
export function haveSameMatches(present: readonly Faced[], judged: readonly Faced[]): boolean {
  if (present.length !== judged.length) return false
  const byRecord = Map.groupBy(present, ({ advisoryRow }) => advisoryRow)
  return judged.every(({ advisoryRow, vulnerability, face }) => {
    const ofRecord = byRecord.get(advisoryRow) ?? []
    return ofRecord.some((match) => match.vulnerability === vulnerability && match.face === face)
  })
}

function identity({ vulnerability, advisoryRow, face }: Faced): string {
  return `${vulnerability}\n${advisoryRow}\n${face}`
}

function compareFindings(
  before: ReadonlyMap<string, string>,
  after: ReadonlyMap<string, string>,
): FindingChanges {
  const stayed = [...after.keys()].filter((id) => before.has(id))
  return {
    opened: [...after.keys()].filter((id) => !before.has(id)),
    closed: [...before.keys()].filter((id) => !after.has(id)),
    changed: stayed.filter((id) => before.get(id) !== after.get(id)),
  }
}

function facesOf(matches: readonly Faced[]): ReadonlyMap<string, string> {
  const byVulnerability = Map.groupBy(matches, ({ vulnerability }) => vulnerability)
  return new Map(
    [...byVulnerability].map(([id, members]) => [
      id,
      members
        .map(({ face }) => face)
        .toSorted()
        .join('\n'),
    ]),
  )
}
