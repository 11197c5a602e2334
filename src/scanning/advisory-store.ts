import {
  bytes,
  instantOrAbsent,
  integer,
  text,
  type SqlReader,
  type SqlRow,
  type SqlWriter,
} from '../storage/database/database.ts'
import { readByIds } from '../storage/database/by-ids.ts'
import {
  compressDocument,
  readDocument,
  readIds,
  type AdvisoryIds,
  type StorableAdvisory,
} from './rules/storable-advisory.ts'

/** The newest state of a record, visible already or of the import that is running. */
export interface NewestAdvisory {
  readonly row: number
  readonly contentHash: string
  readonly modified: Date | undefined
  readonly fromRevision: number
}

export async function findNewestAdvisory(
  reader: SqlReader,
  source: string,
  key: string,
): Promise<NewestAdvisory | undefined> {
  const row = await reader.first(
    `SELECT id, content_hash, modified, from_revision FROM advisories
     WHERE source = $1 AND advisory_key = $2 AND until_revision IS NULL`,
    [source, key],
  )
  return row === undefined ? undefined : newestOf(row)
}

/** The state that the running import ended. */
export async function findEndedAdvisory(
  reader: SqlReader,
  source: string,
  key: string,
  revision: number,
): Promise<NewestAdvisory | undefined> {
  const row = await reader.first(
    `SELECT id, content_hash, modified, from_revision FROM advisories
     WHERE until_revision = $1 AND source = $2 AND advisory_key = $3`,
    [revision, source, key],
  )
  return row === undefined ? undefined : newestOf(row)
}

export async function insertAdvisory(
  tx: SqlWriter,
  source: string,
  advisory: StorableAdvisory,
  revision: number,
): Promise<void> {
  const row = await tx.first(
    `INSERT INTO advisories (source, advisory_key, advisory_id, content_hash, modified, withdrawn, ranges, ids,
       summary, url, from_revision, document)
     VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12) RETURNING id`,
    [
      source,
      advisory.key,
      advisory.id,
      advisory.contentHash,
      advisory.modified?.getTime() ?? null,
      advisory.withdrawn?.getTime() ?? null,
      advisory.ranges,
      advisory.ids,
      advisory.summary ?? null,
      advisory.url ?? null,
      revision,
      compressDocument(advisory.json),
    ],
  )
  if (row === undefined) throw new Error('an advisory was written without a row')
  for (const said of advisory.packages) {
    await tx.run(
      'INSERT INTO advisory_packages (advisory_row, ecosystem, name, affected) VALUES ($1, $2, $3, $4)',
      [integer(row, 'id'), said.ecosystem, said.name, JSON.stringify(said.claim)],
    )
  }
}

/** From `revision` on the row is not true any more. */
export async function endAdvisory(tx: SqlWriter, row: number, revision: number): Promise<void> {
  await tx.run('UPDATE advisories SET until_revision = $1 WHERE id = $2', [revision, row])
  await tx.run(
    `INSERT INTO advisory_changes (revision, ecosystem, name)
     SELECT $1, ecosystem, name FROM advisory_packages WHERE advisory_row = $2
     ON CONFLICT (revision, ecosystem, name) DO NOTHING`,
    [revision, row],
  )
}

/** Takes the end back: the record turned out to be the same. */
export async function reviveAdvisory(tx: SqlWriter, row: number): Promise<void> {
  await tx.run('UPDATE advisories SET until_revision = NULL WHERE id = $1', [row])
}

/** Only for rows of the running import. */
export async function deleteAdvisory(tx: SqlWriter, row: number): Promise<void> {
  await tx.run('DELETE FROM advisories WHERE id = $1', [row])
}

export interface AdvisoryName {
  readonly ecosystem: string
  readonly name: string
}

export async function recordChangedName(
  tx: SqlWriter,
  revision: number,
  { ecosystem, name }: AdvisoryName,
): Promise<void> {
  await tx.run(
    `INSERT INTO advisory_changes (revision, ecosystem, name) VALUES ($1, $2, $3)
     ON CONFLICT (revision, ecosystem, name) DO NOTHING`,
    [revision, ecosystem, name],
  )
}

/** A name that a revision touched. */
export interface ChangedName extends AdvisoryName {
  readonly revision: number
}

/** Names touched by the revisions after `after.revision` up to `to`, by revision, then in byte order. */
export async function listChangedNames(
  reader: SqlReader,
  page: { readonly after: ChangedName; readonly to: number; readonly limit: number },
): Promise<readonly ChangedName[]> {
  const { after, to, limit } = page
  const rows = await reader.all(
    `SELECT revision, ecosystem, name FROM advisory_changes
     WHERE (revision, ecosystem, name) > ($1, $2, $3) AND revision <= $4
     ORDER BY revision, ecosystem, name LIMIT $5`,
    [after.revision, after.ecosystem, after.name, to, limit],
  )
  return rows.map((row) => ({
    revision: integer(row, 'revision'),
    ecosystem: text(row, 'ecosystem'),
    name: text(row, 'name'),
  }))
}

/** So many revisions wait for the re-evaluation at most where their names are asked for. */
const mostRevisions = 8

/** Those of the packages that are looked up under a name that changed after one revision up to another. */
export async function listPackagesUnderChange(
  reader: SqlReader,
  packageIds: readonly number[],
  { after, to }: { readonly after: number; readonly to: number },
): Promise<readonly number[]> {
  if (to - after > mostRevisions) return packageIds
  const revisions = Array.from({ length: mostRevisions }, (_, at) => Math.min(after + 1 + at, to))
  const rows = await readByIds(
    reader,
    packageIds,
    (places, others) => `SELECT DISTINCT package_id FROM package_lookups l
     WHERE package_id IN (${places}) AND EXISTS (SELECT 1 FROM advisory_changes c
       WHERE c.revision IN (${others.join(', ')}) AND c.ecosystem = l.ecosystem AND c.name = l.name)`,
    revisions,
  )
  return rows.map((row) => integer(row, 'package_id'))
}

/** Forgets a part of the names that were seen to; 0 when none is left. */
export async function deleteChangedNames(
  tx: SqlWriter,
  upTo: number,
  limit: number,
): Promise<number> {
  return tx.run(
    `DELETE FROM advisory_changes WHERE (revision, ecosystem, name) IN
       (SELECT revision, ecosystem, name FROM advisory_changes WHERE revision <= $1 LIMIT $2)`,
    [upTo, limit],
  )
}

/** What one record says of one package. */
export interface AdvisoryCandidate {
  readonly row: number
  readonly source: string
  readonly key: string
  readonly id: string
  readonly isWithdrawn: boolean
  readonly withdrawn: Date | undefined
  readonly ids: string
  readonly affected: string
}

/** Everything that is said of a package at a revision, withdrawn records too. */
export async function listAdvisoryCandidates(
  reader: SqlReader,
  { ecosystem, name }: AdvisoryName,
  revision: number,
): Promise<readonly AdvisoryCandidate[]> {
  const rows = await reader.all(
    `SELECT a.id, a.source, a.advisory_key, a.advisory_id, a.withdrawn, a.ids, p.affected
     FROM advisory_packages p JOIN advisories a ON a.id = p.advisory_row
     WHERE p.ecosystem = $1 AND p.name = $2
       AND a.from_revision <= $3 AND (a.until_revision IS NULL OR a.until_revision > $3)
     ORDER BY a.source, a.advisory_key`,
    [ecosystem, name, revision],
  )
  return rows.map((row) => ({
    row: integer(row, 'id'),
    source: text(row, 'source'),
    key: text(row, 'advisory_key'),
    id: text(row, 'advisory_id'),
    isWithdrawn: instantOrAbsent(row, 'withdrawn') !== undefined,
    withdrawn: instantOrAbsent(row, 'withdrawn'),
    ids: text(row, 'ids'),
    affected: text(row, 'affected'),
  }))
}

/** Of which packages the records speak that name a flaw by any of its ids. A question of a person: reads every record. */
export async function listAdvisoriesNaming(
  reader: SqlReader,
  flaw: string,
  { revision, limit }: { readonly revision: number; readonly limit: number },
): Promise<readonly (AdvisoryName & { readonly record: string; readonly source: string })[]> {
  const rows = await reader.all(
    `SELECT DISTINCT a.advisory_id, a.source, p.ecosystem, p.name
     FROM advisories a JOIN advisory_packages p ON p.advisory_row = a.id
     WHERE (a.advisory_id = $1 OR a.ids LIKE $2 ESCAPE '\\')
       AND a.from_revision <= $3 AND (a.until_revision IS NULL OR a.until_revision > $3)
     ORDER BY p.ecosystem, p.name, a.advisory_id LIMIT $4`,
    [flaw, `%${JSON.stringify(flaw).replaceAll(/[\\%_]/g, String.raw`\$&`)}%`, revision, limit],
  )
  return rows.map((row) => ({
    record: text(row, 'advisory_id'),
    source: text(row, 'source'),
    ecosystem: text(row, 'ecosystem'),
    name: text(row, 'name'),
  }))
}

/** The names that records with this very id know; a lookup, where listAdvisoriesNaming reads everything. */
export async function findAdvisoryIds(
  reader: SqlReader,
  id: string,
  revision: number,
): Promise<readonly AdvisoryIds[]> {
  const rows = await reader.all(
    `SELECT ids FROM advisories WHERE advisory_id = $1 AND withdrawn IS NULL
       AND from_revision <= $2 AND (until_revision IS NULL OR until_revision > $2)`,
    [id, revision],
  )
  return rows.map((row) => readIds(text(row, 'ids')))
}

/** The records of a source as the running import would leave them. */
export async function measureSource(
  reader: SqlReader,
  source: string,
): Promise<{
  readonly records: number
  readonly ranges: number
  readonly newestModified: Date | undefined
}> {
  const row = await reader.first(
    `SELECT COUNT(*) AS records, COALESCE(SUM(ranges), 0) AS ranges, MAX(modified) AS newest
     FROM advisories WHERE source = $1 AND until_revision IS NULL`,
    [source],
  )
  if (row === undefined) throw new Error('an aggregate has no row')
  return {
    records: integer(row, 'records'),
    ranges: integer(row, 'ranges'),
    newestModified: instantOrAbsent(row, 'newest'),
  }
}

/** The record itself, normalised, as a revision had it: what explains a finding. */
export async function findAdvisoryDocument(reader: SqlReader, row: number): Promise<unknown> {
  const found = await reader.first('SELECT document FROM advisories WHERE id = $1', [row])
  return found === undefined ? undefined : readDocument(bytes(found, 'document'))
}

function newestOf(row: SqlRow): NewestAdvisory {
  return {
    row: integer(row, 'id'),
    contentHash: text(row, 'content_hash'),
    modified: instantOrAbsent(row, 'modified'),
    fromRevision: integer(row, 'from_revision'),
  }
}
