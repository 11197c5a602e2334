import {
  instantOrAbsent,
  integer,
  text,
  textOrAbsent,
  type SqlReader,
  type SqlRow,
  type SqlWriter,
} from '../storage/database/database.ts'

/** How a source's records came here. */
export type AdvisoryOrigin = 'starter' | 'import' | 'feed' | 'bundle'

/** The source that ships with the product; it steps back for every other one. */
export const starterSource = 'starter'

export interface AdvisorySource {
  readonly name: string
  readonly origin: AdvisoryOrigin
  readonly records: number
  readonly ranges: number
  /** The data's own date. */
  readonly newestModified: Date | undefined
  /** The last import that succeeded; undefined when none did yet. */
  readonly importedAt: Date | undefined
  /** Names the state of the file that was imported, where whoever imports it keeps count. */
  readonly validator: string | undefined
}

const columns = 'name, origin, records, ranges, newest_modified, imported_at, validator'

export async function listAdvisorySources(reader: SqlReader): Promise<readonly AdvisorySource[]> {
  const rows = await reader.all(`SELECT ${columns} FROM advisory_sources ORDER BY name`)
  return rows.map(sourceOf)
}

export async function findAdvisorySource(
  reader: SqlReader,
  name: string,
): Promise<AdvisorySource | undefined> {
  const row = await reader.first(`SELECT ${columns} FROM advisory_sources WHERE name = $1`, [name])
  return row === undefined ? undefined : sourceOf(row)
}

/** After an import that succeeded. */
export async function writeAdvisorySource(
  tx: SqlWriter,
  source: Pick<
    AdvisorySource,
    'name' | 'origin' | 'records' | 'ranges' | 'newestModified' | 'validator'
  >,
  now: Date,
): Promise<void> {
  await tx.run(
    `INSERT INTO advisory_sources
       (name, origin, records, ranges, newest_modified, imported_at, validator)
     VALUES ($1, $2, $3, $4, $5, $6, $7)
     ON CONFLICT (name) DO UPDATE SET origin = excluded.origin, records = excluded.records,
       ranges = excluded.ranges, newest_modified = excluded.newest_modified,
       imported_at = excluded.imported_at, validator = excluded.validator`,
    [
      source.name,
      source.origin,
      source.records,
      source.ranges,
      source.newestModified?.getTime() ?? null,
      now.getTime(),
      source.validator ?? null,
    ],
  )
  await forgetBundle(tx, source.name)
}

/** Its records were ended: nothing is left to tell of. */
export async function deleteAdvisorySource(tx: SqlWriter, name: string): Promise<void> {
  await tx.run('DELETE FROM advisory_sources WHERE name = $1', [name])
  await forgetBundle(tx, name)
}

/** From now on the source stands for itself; where a bundle brought it just now, that is written after this. */
async function forgetBundle(tx: SqlWriter, name: string): Promise<void> {
  await tx.run('DELETE FROM bundle_sources WHERE source = $1', [name])
}

/** The origin says that nothing changed: as good as an import. */
export async function confirmAdvisorySource(tx: SqlWriter, name: string, now: Date): Promise<void> {
  await tx.run('UPDATE advisory_sources SET imported_at = $1 WHERE name = $2', [
    now.getTime(),
    name,
  ])
  await forgetBundle(tx, name)
}

function sourceOf(row: SqlRow): AdvisorySource {
  return {
    name: text(row, 'name'),
    origin: originOf(text(row, 'origin')),
    records: integer(row, 'records'),
    ranges: integer(row, 'ranges'),
    newestModified: instantOrAbsent(row, 'newest_modified'),
    importedAt: instantOrAbsent(row, 'imported_at'),
    validator: textOrAbsent(row, 'validator'),
  }
}

function originOf(value: string): AdvisoryOrigin {
  const known = (['starter', 'import', 'feed', 'bundle'] as const).find(
    (origin) => origin === value,
  )
  if (known !== undefined) return known
  throw new Error('an advisory source has no known origin')
}
