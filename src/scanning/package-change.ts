// What a change of the vulnerability data means for one package: its flaws before and after, the same for all images that hold it.
import type { Severity } from '../ecosystems/severity.ts'
import type { SqlReader } from '../storage/database/database.ts'
import { listFlawHolders, type FlawHolder } from './flaw-holder-store.ts'
import { listMatches, type PackageFinding } from './list-matches.ts'
import { readFlawFacts } from './read-flaw-facts.ts'
import { rateFinding } from './rules/rate-finding.ts'

/** As `recordFindingsChanged` told it. */
export interface ToldChange {
  readonly packageId: number
  readonly revision: number
  readonly opened: readonly string[]
  readonly closed: readonly string[]
  readonly changed: readonly string[]
}

/** One flaw of the package, at least on one side. */
export interface FlawChange {
  readonly vulnerability: string
  readonly before: RatedFlaw | undefined
  readonly after: RatedFlaw | undefined
  /** Packages that have it now. */
  readonly holders: readonly FlawHolder[]
}

export interface RatedFlaw {
  readonly match: PackageFinding
  readonly severity: Severity
  readonly isKev: boolean
  readonly epss: number | undefined
}

export interface PackageChange {
  readonly packageId: number
  readonly revision: number
  readonly flaws: readonly FlawChange[]
}

/** Names of a flaw that are looked up; it is known by a handful. */
const maxNames = 20

/** What differs between the revision that was told and the one before it, by the names under which flaws are listed. */
export async function readPackageChange(
  reader: SqlReader,
  told: ToldChange,
): Promise<PackageChange> {
  const { packageId, revision } = told
  const before = await ratedFlaws(reader, packageId, revision - 1)
  const after = await ratedFlaws(reader, packageId, revision)
  const named = new Set([...told.opened, ...told.closed, ...told.changed])
  const surely = new Set(told.changed)
  const opened = new Set(told.opened)
  const flaws: FlawChange[] = []
  for (const vulnerability of new Set([...before.keys(), ...after.keys()])) {
    const [was, is] = [before.get(vulnerability), after.get(vulnerability)]
    const names = namesOf(was, is)
    // Facts about a CVE change what is said of it within one revision, perhaps that in which it was found.
    const change = { before: names.some((name) => opened.has(name)) ? was : (was ?? is), after: is }
    if (!names.some((name) => named.has(name))) continue
    if (isUnchanged(change) && !names.some((name) => surely.has(name))) continue
    const holders = await listFlawHolders(reader, names.slice(0, maxNames))
    flaws.push({ vulnerability, ...change, holders })
  }
  return { packageId, revision, flaws }
}

async function ratedFlaws(
  reader: SqlReader,
  packageId: number,
  revision: number,
): Promise<ReadonlyMap<string, RatedFlaw>> {
  const matches = await listMatches(reader, [packageId], revision)
  const factsOf = await readFlawFacts(reader, matches)
  return new Map(
    matches.map((match) => {
      const { rating, exploitation } = factsOf(match)
      const { severity = match.severity } = rateFinding(match, rating)
      const { kev, epss } = exploitation
      const rated = { match, severity, isKev: kev !== undefined, epss: epss?.score }
      return [match.vulnerability, rated]
    }),
  )
}

function namesOf(...sides: readonly (RatedFlaw | undefined)[]): readonly string[] {
  const names = sides.flatMap((side) =>
    side === undefined ? [] : [side.match.vulnerability, ...side.match.aliases],
  )
  return [...new Set(names)]
}

/** To whoever reads the finding: a record that says the same in another way is no change. */
function isUnchanged({ before, after }: Pick<FlawChange, 'before' | 'after'>): boolean {
  return before !== undefined && after !== undefined && faceOf(before) === faceOf(after)
}

function faceOf({ match, severity, isKev }: RatedFlaw): string {
  const { verdict, score, vector, fixedVersion } = match
  return JSON.stringify([verdict, severity, score, vector, fixedVersion, isKev])
}
