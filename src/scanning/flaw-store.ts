// Matches looked at from the side of flaws: when they were said, of which packages, and which ended.
import {
  integer,
  text,
  textOrAbsent,
  type SqlReader,
  type SqlRow,
} from '../storage/database/database.ts'
import { readByIds } from '../storage/database/by-ids.ts'

/** Revisions of the data: in which a flaw was first said of a package, and the last in which what is said changed. */
export interface FlawRevisions {
  readonly first: number
  readonly changed: number
}

/** Of packages, by package: of each flaw that was ever said up to a revision. */
export async function listFlawRevisions(
  reader: SqlReader,
  packageIds: readonly number[],
  revision: number,
): Promise<ReadonlyMap<number, ReadonlyMap<string, FlawRevisions>>> {
  const rows = await readByIds(
    reader,
    packageIds,
    (places, [at]) => `SELECT package_id, vulnerability, MIN(from_revision) AS first_revision,
       MAX(CASE WHEN until_revision IS NULL OR until_revision > ${at} THEN from_revision ELSE until_revision END)
         AS changed_revision
     FROM matches WHERE package_id IN (${places}) AND from_revision <= ${at}
     GROUP BY package_id, vulnerability`,
    [revision],
  )
  const found = new Map<number, Map<string, FlawRevisions>>()
  for (const row of rows) {
    const packageId = integer(row, 'package_id')
    const flaws = found.get(packageId) ?? new Map<string, FlawRevisions>()
    found.set(packageId, flaws)
    flaws.set(text(row, 'vulnerability'), {
      first: integer(row, 'first_revision'),
      changed: integer(row, 'changed_revision'),
    })
  }
  return found
}

/** The newest revision of the data that was visible at a moment; 0 when there was none. */
export async function findRevisionAt(reader: SqlReader, at: Date): Promise<number> {
  const row = await reader.first(
    'SELECT COALESCE(MAX(revision), 0) AS revision FROM advisory_revisions WHERE at <= $1',
    [at.getTime()],
  )
  return row === undefined ? 0 : integer(row, 'revision')
}

/** Matches of these revisions are looked at: those in force, and those that ended after `endedAfter`. */
export interface Window {
  readonly revision: number
  readonly endedAfter: number
  /** What ended since is told as closed. */
  readonly closedAfter: number
}

export interface EndedFlaw {
  readonly packageId: number
  readonly vulnerability: string
  readonly ended: number
}

/** Flaws of packages of which a match ended after one revision up to another, each with the last revision in which one did. */
export async function listEndedFlaws(
  reader: SqlReader,
  packageIds: readonly number[],
  { after, to }: { readonly after: number; readonly to: number },
): Promise<readonly EndedFlaw[]> {
  const rows = await readByIds(
    reader,
    packageIds,
    (
      places,
      [from, end],
    ) => `SELECT package_id, vulnerability, MAX(until_revision) AS ended FROM matches
     WHERE package_id IN (${places}) AND until_revision > ${from} AND until_revision <= ${end}
     GROUP BY package_id, vulnerability ORDER BY package_id, vulnerability`,
    [after, to],
  )
  return rows.map((row) => ({
    packageId: integer(row, 'package_id'),
    vulnerability: text(row, 'vulnerability'),
    ended: integer(row, 'ended'),
  }))
}

/** Names of flaws that some package has or lately had, in order. */
export async function listFlawNames(
  reader: SqlReader,
  { endedAfter }: Window,
  page: { readonly after: string; readonly limit: number },
): Promise<readonly string[]> {
  const rows = await reader.all(
    `SELECT vulnerability FROM (
       SELECT * FROM (SELECT DISTINCT vulnerability FROM matches
         WHERE until_revision IS NULL AND vulnerability > $1 ORDER BY vulnerability LIMIT $3) AS present
       UNION
       SELECT * FROM (SELECT DISTINCT vulnerability FROM matches
         WHERE until_revision IS NOT NULL AND until_revision > $2 AND vulnerability > $1
         ORDER BY vulnerability LIMIT $3) AS ended
     ) AS named ORDER BY vulnerability LIMIT $3`,
    [page.after, endedAfter, page.limit],
  )
  return rows.map((row) => text(row, 'vulnerability'))
}

/** What matches say of a flaw, each different answer once. */
export interface FlawFace {
  readonly vulnerability: string
  readonly verdict: 'affected' | 'unknown'
  readonly severity: string
  readonly severitySource: string | undefined
  readonly score: number | undefined
  readonly vector: string | undefined
  readonly source: string
}

/** Of the flaws after one name up to another. */
export async function listFlawFaces(
  reader: SqlReader,
  { endedAfter }: Window,
  range: { readonly after: string; readonly to: string },
): Promise<readonly FlawFace[]> {
  const rows = await reader.all(
    `SELECT m.vulnerability, m.verdict, m.severity, m.severity_source, m.score, m.vector, a.source
     FROM matches m JOIN advisories a ON a.id = m.advisory_row
     WHERE m.until_revision IS NULL AND m.vulnerability > $1 AND m.vulnerability <= $2
     UNION
     SELECT m.vulnerability, m.verdict, m.severity, m.severity_source, m.score, m.vector, a.source
     FROM matches m JOIN advisories a ON a.id = m.advisory_row
     WHERE m.until_revision IS NOT NULL AND m.until_revision > $3 AND m.vulnerability > $1 AND m.vulnerability <= $2`,
    [range.after, range.to, endedAfter],
  )
  return rows.map(faceOf)
}

function faceOf(row: SqlRow): FlawFace {
  const [score, vector] = [row['score'], textOrAbsent(row, 'vector')]
  return {
    vulnerability: text(row, 'vulnerability'),
    verdict: text(row, 'verdict') === 'affected' ? 'affected' : 'unknown',
    severity: text(row, 'severity'),
    severitySource: textOrAbsent(row, 'severity_source'),
    score: typeof score === 'number' ? score : undefined,
    vector,
    source: text(row, 'source'),
  }
}

/** Revisions in which something was first or last said of the flaws after one name up to another. */
export async function listFlawMoments(
  reader: SqlReader,
  { revision }: Window,
  range: { readonly after: string; readonly to: string },
): Promise<readonly { readonly vulnerability: string; readonly revision: number }[]> {
  const rows = await reader.all(
    `SELECT vulnerability, from_revision AS revision FROM matches
     WHERE until_revision IS NULL AND vulnerability > $1 AND vulnerability <= $2 AND from_revision <= $3
     UNION SELECT vulnerability, from_revision FROM matches
     WHERE until_revision IS NOT NULL AND vulnerability > $1 AND vulnerability <= $2 AND from_revision <= $3
     UNION SELECT vulnerability, until_revision FROM matches
     WHERE until_revision IS NOT NULL AND vulnerability > $1 AND vulnerability <= $2 AND until_revision <= $3`,
    [range.after, range.to, revision],
  )
  return rows.map((row) => ({
    vulnerability: text(row, 'vulnerability'),
    revision: integer(row, 'revision'),
  }))
}

/**
 * Packages with a flaw that has no CVE, in order: such a flaw may be told under the name of another one, which the package has too.
 */
export async function listUnnumberedPackages(
  reader: SqlReader,
  { endedAfter }: Window,
  page: { readonly after: number; readonly limit: number },
): Promise<readonly number[]> {
  const rows = await reader.all(
    `SELECT DISTINCT package_id FROM matches
     WHERE package_id > $1 AND (until_revision IS NULL OR until_revision > $2)
       AND (vulnerability < 'CVE-' OR vulnerability > 'CVE-~')
     ORDER BY package_id LIMIT $3`,
    [page.after, endedAfter, page.limit],
  )
  return rows.map((row) => integer(row, 'package_id'))
}

/** Packages of which the flaw is said, or was within the window. */
export async function listPackagesWithFlaw(
  reader: SqlReader,
  vulnerability: string,
  { endedAfter }: Window,
): Promise<readonly number[]> {
  const rows = await reader.all(
    `SELECT package_id FROM matches WHERE vulnerability = $1 AND until_revision IS NULL
     UNION SELECT package_id FROM matches
     WHERE vulnerability = $1 AND until_revision IS NOT NULL AND until_revision > $2
     ORDER BY package_id`,
    [vulnerability, endedAfter],
  )
  return rows.map((row) => integer(row, 'package_id'))
}

/** Rows of the records in force that name a flaw by any of their ids. A question of a person: reads every record's names. */
export async function listRecordsNaming(
  reader: SqlReader,
  flaw: string,
  { revision, limit }: { readonly revision: number; readonly limit: number },
): Promise<readonly number[]> {
  const rows = await reader.all(
    `SELECT id FROM advisories
     WHERE (advisory_id = $1 OR ids LIKE $2 ESCAPE '\\') AND withdrawn IS NULL
       AND from_revision <= $3 AND (until_revision IS NULL OR until_revision > $3)
     ORDER BY id LIMIT $4`,
    [flaw, `%${JSON.stringify(flaw).replaceAll(/[\\%_]/g, String.raw`\$&`)}%`, revision, limit],
  )
  return rows.map((row) => integer(row, 'id'))
}
