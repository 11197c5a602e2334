import {
  instantOrAbsent,
  integer,
  text,
  type SqlReader,
  type SqlWriter,
} from '../storage/database/database.ts'

/** An ecosystem, with its release, that a source speaks of, or spoke of. */
export interface SourceEcosystem {
  readonly source: string
  readonly ecosystem: string
  readonly frozenAt: Date | undefined
}

export async function listSourceEcosystems(
  reader: SqlReader,
  source: string,
): Promise<readonly SourceEcosystem[]> {
  const rows = await reader.all(
    `SELECT source, ecosystem, frozen_at FROM advisory_source_ecosystems WHERE source = $1 ORDER BY ecosystem`,
    [source],
  )
  return rows.map((row) => ({
    source: text(row, 'source'),
    ecosystem: text(row, 'ecosystem'),
    frozenAt: instantOrAbsent(row, 'frozen_at'),
  }))
}

/** Releases whose last state stays, of all sources. */
export async function listFrozenEcosystems(reader: SqlReader): Promise<readonly SourceEcosystem[]> {
  const rows = await reader.all(
    `SELECT source, ecosystem, frozen_at FROM advisory_source_ecosystems
     WHERE frozen_at IS NOT NULL ORDER BY source, ecosystem`,
  )
  return rows.map((row) => ({
    source: text(row, 'source'),
    ecosystem: text(row, 'ecosystem'),
    frozenAt: instantOrAbsent(row, 'frozen_at'),
  }))
}

export async function writeSourceEcosystem(
  tx: SqlWriter,
  { source, ecosystem, frozenAt }: SourceEcosystem,
): Promise<void> {
  await tx.run(
    `INSERT INTO advisory_source_ecosystems (source, ecosystem, frozen_at) VALUES ($1, $2, $3)
     ON CONFLICT (source, ecosystem) DO UPDATE SET frozen_at = excluded.frozen_at`,
    [source, ecosystem, frozenAt?.getTime() ?? null],
  )
}

/** Of a source that was removed; of one that kept a release, that this is kept. */
export async function forgetEcosystems(tx: SqlWriter, source: string): Promise<void> {
  await tx.run(
    `DELETE FROM advisory_source_ecosystems
     WHERE source = $1 OR (frozen_at IS NOT NULL AND source || '#' || ecosystem = $1)`,
    [source],
  )
}

/** What a record says of one package of an ecosystem. */
export interface EcosystemClaim {
  readonly name: string
  readonly row: number
}

/** What a source said of an ecosystem before the running import, by name. */
export async function listClaimsBefore(
  reader: SqlReader,
  of: { readonly source: string; readonly ecosystem: string; readonly revision: number },
  page: { readonly after: EcosystemClaim; readonly limit: number },
): Promise<readonly EcosystemClaim[]> {
  const rows = await reader.all(
    `SELECT p.name, p.advisory_row FROM advisory_packages p JOIN advisories a ON a.id = p.advisory_row
     WHERE p.ecosystem = $1 AND (p.name, p.advisory_row) > ($2, $3) AND a.source = $4
       AND a.from_revision < $5 AND (a.until_revision IS NULL OR a.until_revision = $5)
     ORDER BY p.name, p.advisory_row LIMIT $6`,
    [of.ecosystem, page.after.name, page.after.row, of.source, of.revision, page.limit],
  )
  return rows.map((row) => ({ name: text(row, 'name'), row: integer(row, 'advisory_row') }))
}

/** The same words under another source, from `revision` on; a record's packages come one by one. */
export async function copyClaim(
  tx: SqlWriter,
  claim: EcosystemClaim & { readonly ecosystem: string },
  to: { readonly source: string; readonly revision: number },
): Promise<void> {
  await tx.run(
    `INSERT INTO advisories (source, advisory_key, advisory_id, content_hash, modified, withdrawn, ranges, ids,
       summary, url, from_revision, document)
     SELECT $2, advisory_key, advisory_id, content_hash, modified, withdrawn, ranges, ids, summary, url, $3, document
     FROM advisories WHERE id = $1 ON CONFLICT (source, advisory_key) WHERE until_revision IS NULL DO NOTHING`,
    [claim.row, to.source, to.revision],
  )
  await tx.run(
    `INSERT INTO advisory_packages (advisory_row, ecosystem, name, affected)
     SELECT n.id, p.ecosystem, p.name, p.affected FROM advisory_packages p
     JOIN advisories a ON a.id = p.advisory_row
     JOIN advisories n ON n.source = $2 AND n.advisory_key = a.advisory_key AND n.until_revision IS NULL
     WHERE p.advisory_row = $1 AND p.ecosystem = $3 AND p.name = $4
     ON CONFLICT (advisory_row, ecosystem, name) DO NOTHING`,
    [claim.row, to.source, claim.ecosystem, claim.name],
  )
}
