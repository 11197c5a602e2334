import type { SqlReader } from '../storage/database/database.ts'
import { listMatchesOfPackage, type StoredMatch } from './match-store.ts'
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

/** Revisions of the data: in which the flaw was first said of the package, and the last in which what is said changed. */
export interface FlawRevisions {
  readonly first: number
  readonly changed: number
}

/** The flaws of packages as a revision of the data had them, in the order asked. */
export async function listMatches(
  reader: SqlReader,
  packageIds: readonly number[],
  revision: number,
): Promise<readonly PackageFinding[]> {
  const findings: PackageFinding[] = []
  for (const packageId of packageIds) {
    const matches = await listMatchesOfPackage(reader, packageId, revision)
    for (const { vulnerability, aliases, best, members } of groupMatches(matches)) {
      findings.push({
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
        fromRevision: Math.min(...members.map(({ fromRevision }) => fromRevision)),
      })
    }
  }
  return findings
}
