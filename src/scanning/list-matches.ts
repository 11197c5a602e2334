import type { SqlReader } from '../storage/database/database.ts'
import { listFlawRevisions, type FlawRevisions } from './flaw-store.ts'
import type { JudgedAnew } from './judge-anew.ts'
import { listMatchesOf, type StoredMatch } from './match-store.ts'
import { groupMatches } from './rules/group-matches.ts'

/** One flaw of one package, by the record that is best sourced, with all names under which it is known. */
export interface PackageFinding extends Pick<
  StoredMatch,
  | 'verdict'
  | 'severity'
  | 'severitySource'
  | 'score'
  | 'vector'
  | 'fixedVersion'
  | 'evidence'
  | 'advisory'
  | 'summary'
> {
  readonly packageId: number
  /** What people know it by: the CVE where there is one. */
  readonly vulnerability: string
  readonly aliases: readonly string[]
  readonly url: string
  /** The revision of the data in which the flaw was first said of the package as it is said now. */
  readonly fromRevision: number
  /** Where history was asked for. */
  readonly history?: FlawRevisions
}

export interface MatchesAsked {
  readonly withHistory?: boolean
  /** What, by package, stands for what is stored. */
  readonly instead?: ReadonlyMap<number, JudgedAnew> | undefined
}

/** The flaws of packages as a revision of the data had them, in the order asked; with the history of each where that is wanted. */
export async function listMatches(
  reader: SqlReader,
  packageIds: readonly number[],
  revision: number,
  { withHistory = false, instead }: MatchesAsked = {},
): Promise<readonly PackageFinding[]> {
  const findings: PackageFinding[] = []
  for (let start = 0; start < packageIds.length; start += packagesAtOnce) {
    const ids = packageIds.slice(start, start + packagesAtOnce)
    const found = await listMatchesOf(reader, ids, revision)
    const histories = withHistory
      ? await listFlawRevisions(
          reader,
          ids.filter((id) => found.has(id) || instead?.has(id) === true),
          revision,
        )
      : new Map<number, ReadonlyMap<string, FlawRevisions>>()
    for (const id of ids) {
      const { matches, changed } = instead?.get(id) ?? { matches: found.get(id) ?? [] }
      const stored = histories.get(id) ?? new Map<string, FlawRevisions>()
      const history = withHistory ? withChanges(stored, changed, revision) : undefined
      findings.push(...flawsOf(id, matches, history))
    }
  }
  return findings
}

/** As many as one statement asks for. */
const packagesAtOnce = 50

function flawsOf(
  packageId: number,
  matches: readonly StoredMatch[],
  since: ReadonlyMap<string, FlawRevisions> | undefined,
): readonly PackageFinding[] {
  if (matches.length === 0) return []
  return groupMatches(matches).map(({ vulnerability, aliases, best, members }) => {
    const fromRevision = Math.min(...members.map((member) => member.fromRevision))
    return {
      packageId,
      vulnerability,
      aliases,
      verdict: best.verdict,
      severity: best.severity,
      severitySource: best.severitySource,
      score: best.score,
      vector: best.vector,
      fixedVersion: best.fixedVersion,
      evidence: best.evidence,
      advisory: best.advisory,
      summary: best.summary ?? members.find(({ summary }) => summary !== undefined)?.summary,
      url: best.url ?? `https://osv.dev/vulnerability/${encodeURIComponent(best.advisory.id)}`,
      fromRevision,
      ...(since === undefined
        ? {}
        : { history: historyOf([vulnerability, ...aliases], fromRevision, since) }),
    }
  })
}

function withChanges(
  stored: ReadonlyMap<string, FlawRevisions>,
  flaws: ReadonlySet<string> | undefined,
  changed: number,
): ReadonlyMap<string, FlawRevisions> {
  if (flaws === undefined) return stored
  const anew = [...flaws].map((flaw) => {
    const { first = changed } = stored.get(flaw) ?? {}
    return [flaw, { first, changed }] as const
  })
  return new Map([...stored, ...anew])
}

/** Under all names of the flaw: a record may have told of it before it had a CVE. */
function historyOf(
  names: readonly string[],
  fromRevision: number,
  since: ReadonlyMap<string, FlawRevisions>,
): FlawRevisions {
  const known = names.flatMap((name) => since.get(name) ?? [])
  return {
    first: Math.min(fromRevision, ...known.map(({ first }) => first)),
    changed: Math.max(fromRevision, ...known.map(({ changed }) => changed)),
  }
}
