import {
  bytes,
  instantOrAbsent,
  integer,
  integerOrAbsent,
  text,
  textOrAbsent,
  type EmbeddedDatabase,
  type SqlReader,
  type SqlRow,
  type SqlWriter,
} from '../storage/database/database.ts'
import { readDocumentText } from './rules/storable-advisory.ts'

/** Sources that a revision after `after`, up to `to`, brought changes of. */
export async function listChangedSources(
  reader: SqlReader,
  { after, to }: { readonly after: number; readonly to: number },
): Promise<readonly string[]> {
  const rows = await reader.all(
    `SELECT DISTINCT source FROM advisory_revisions WHERE revision > $1 AND revision <= $2 ORDER BY source`,
    [after, to],
  )
  return rows.map((row) => text(row, 'source'))
}

/** One state of a record. */
export interface AdvisoryVersion {
  readonly row: number
  readonly source: string
  readonly contentHash: string
  readonly modified: Date | undefined
  readonly withdrawn: Date | undefined
  readonly fromRevision: number
  /** When that revision was published; undefined where that is kept no more. */
  readonly from: Date | undefined
  /** Undefined while it is in force. */
  readonly untilRevision: number | undefined
  readonly until: Date | undefined
  /** The normalised record. */
  readonly json: string
}

/** All states of the records of an id that are kept and visible, by source, the newest first. */
export async function listAdvisoryVersions(
  reader: SqlReader,
  id: string,
  { revision, limit }: { readonly revision: number; readonly limit: number },
): Promise<readonly AdvisoryVersion[]> {
  const rows = await reader.all(
    `SELECT a.id, a.source, a.content_hash, a.modified, a.withdrawn, a.from_revision, a.until_revision,
       f.at AS from_at, u.at AS until_at, a.document
     FROM advisories a LEFT JOIN advisory_revisions f ON f.revision = a.from_revision
     LEFT JOIN advisory_revisions u ON u.revision = a.until_revision
     WHERE a.advisory_id = $1 AND a.from_revision <= $2
     ORDER BY a.source, a.from_revision DESC LIMIT $3`,
    [id, revision, limit],
  )
  return rows.map((row) => versionOf(row, revision))
}

function versionOf(row: SqlRow, newest: number): AdvisoryVersion {
  const ended = integerOrAbsent(row, 'until_revision')
  // An import that is running may have ended it already, which nobody is to see.
  const untilRevision = ended !== undefined && ended > newest ? undefined : ended
  return {
    row: integer(row, 'id'),
    source: text(row, 'source'),
    contentHash: text(row, 'content_hash'),
    modified: instantOrAbsent(row, 'modified'),
    withdrawn: instantOrAbsent(row, 'withdrawn'),
    fromRevision: integer(row, 'from_revision'),
    from: instantOrAbsent(row, 'from_at'),
    untilRevision,
    until: untilRevision === undefined ? undefined : instantOrAbsent(row, 'until_at'),
    json: readDocumentText(bytes(row, 'document')),
  }
}

/** A stored package that a record is said to concern. */
export interface ConcernedPackage {
  readonly packageId: number
  readonly type: string
  readonly name: string
  readonly version: string
  readonly verdict: string
  readonly severity: string
  readonly fixedVersion: string | undefined
}

/** Packages with a match, in force, with one of these states of records. */
export async function listConcernedPackages(
  reader: SqlReader,
  advisoryRow: number,
  limit: number,
): Promise<readonly ConcernedPackage[]> {
  const rows = await reader.all(
    `SELECT m.package_id, m.verdict, m.severity, m.fixed_version, p.type, p.name, p.version
     FROM matches m JOIN packages p ON p.id = m.package_id
     WHERE m.advisory_row = $1 AND m.until_revision IS NULL
     ORDER BY p.name, p.version, p.id LIMIT $2`,
    [advisoryRow, limit],
  )
  return rows.map((row) => ({
    packageId: integer(row, 'package_id'),
    type: text(row, 'type'),
    name: text(row, 'name'),
    version: text(row, 'version'),
    verdict: text(row, 'verdict'),
    severity: text(row, 'severity'),
    fixedVersion: textOrAbsent(row, 'fixed_version'),
  }))
}

/** A record that a search met, and by what. */
export interface FoundAdvisory {
  readonly id: string
  readonly source: string
  readonly matched: 'id' | 'alias' | 'package' | 'text'
  readonly summary: string | undefined
  readonly modified: Date | undefined
  readonly isWithdrawn: boolean
}

const ways = ['id', 'alias', 'package', 'text'] as const

/** Reads every record that is in force, so beside everything else; the best way of meeting first. */
export async function searchRecords(
  database: EmbeddedDatabase,
  asked: { readonly text: string; readonly revision: number; readonly limit: number },
  options: { readonly signal: AbortSignal },
): Promise<readonly FoundAdvisory[]> {
  const word = asked.text.toLowerCase()
  const anywhere = `%${escaped(word)}%`
  const quoted = `%${escaped(JSON.stringify(word))}%`
  const rows = await database.readAside(
    `SELECT * FROM (
       SELECT a.advisory_id, a.source, a.summary, a.modified, a.withdrawn,
         CASE WHEN LOWER(a.advisory_id) = $1 THEN 0
           WHEN LOWER(a.ids) LIKE $2 ESCAPE '\\' THEN 1
           WHEN EXISTS (SELECT 1 FROM advisory_packages p WHERE p.advisory_row = a.id
             AND LOWER(p.name) = $1) THEN 2
           WHEN LOWER(a.advisory_id) LIKE $3 ESCAPE '\\' OR LOWER(COALESCE(a.summary, '')) LIKE $3 ESCAPE '\\' THEN 3
         END AS way
       FROM advisories a
       WHERE a.from_revision <= $4 AND (a.until_revision IS NULL OR a.until_revision > $4)
     ) AS met WHERE way IS NOT NULL ORDER BY way, advisory_id, source LIMIT $5`,
    [word, quoted, anywhere, asked.revision, asked.limit],
    options,
  )
  return rows.map((row) => ({
    id: text(row, 'advisory_id'),
    source: text(row, 'source'),
    matched: ways[integer(row, 'way')] ?? 'text',
    summary: textOrAbsent(row, 'summary'),
    modified: instantOrAbsent(row, 'modified'),
    isWithdrawn: instantOrAbsent(row, 'withdrawn') !== undefined,
  }))
}

function escaped(word: string): string {
  return word.replaceAll(/[\\%_]/g, String.raw`\$&`)
}

/** The newest revision that was superseded before a moment: what is asked for at it or later is kept. Undefined where none was. */
export async function findHorizon(
  reader: SqlReader,
  { before, upTo }: { readonly before: Date; readonly upTo: number },
): Promise<number | undefined> {
  const row = await reader.first(
    'SELECT MAX(revision) AS horizon FROM advisory_revisions WHERE at < $1 AND revision <= $2',
    [before.getTime(), upTo],
  )
  return row === undefined ? undefined : integerOrAbsent(row, 'horizon')
}

export async function writeKeptFrom(tx: SqlWriter, revision: number): Promise<void> {
  await tx.run(
    'UPDATE advisory_state SET kept_from_revision = $1 WHERE only_row = 1 AND kept_from_revision < $1',
    [revision],
  )
}

/** Removes matches that no revision from `keptFrom` on has; how many. */
export async function deleteEndedMatches(
  tx: SqlWriter,
  keptFrom: number,
  limit: number,
): Promise<number> {
  return tx.run(
    `DELETE FROM matches WHERE id IN
       (SELECT id FROM matches WHERE until_revision IS NOT NULL AND until_revision <= $1 LIMIT $2)`,
    [keptFrom, limit],
  )
}

/** The same of records, but for those that a match still names: it could not be explained. */
export async function deleteEndedAdvisories(
  tx: SqlWriter,
  keptFrom: number,
  limit: number,
): Promise<number> {
  return tx.run(
    `DELETE FROM advisories WHERE id IN
       (SELECT a.id FROM advisories a
        WHERE a.until_revision IS NOT NULL AND a.until_revision <= $1
          AND NOT EXISTS (SELECT 1 FROM matches m WHERE m.advisory_row = a.id) LIMIT $2)`,
    [keptFrom, limit],
  )
}

/** What told of revisions and bundles that cannot be asked for any more. */
export async function deleteOldRevisions(tx: SqlWriter, keptFrom: number): Promise<void> {
  await tx.run('DELETE FROM advisory_revisions WHERE revision < $1', [keptFrom])
  await tx.run('DELETE FROM bundle_exports WHERE revision < $1', [keptFrom])
  await tx.run('DELETE FROM bundle_imports WHERE id < (SELECT MAX(id) FROM bundle_imports) - 1000')
}
