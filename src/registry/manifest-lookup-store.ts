import type { Reference } from '../oci/reference.ts'
import { bytes, integer, type SqlReader, type SqlRow } from '../storage/database/database.ts'
import { summaryOf, type ManifestSummary, type StoredManifest } from './manifest-store.ts'
import type { RepositoryAddress } from './repository-store.ts'

/** A repository, and of its manifests the one that a reference names, if there is one. */
export interface ManifestLookup<M extends ManifestSummary> {
  readonly repositoryId: number
  readonly manifest: M | undefined
  readonly isArchived: boolean
}

const columns =
  'a.state AS archival, m.digest, m.media_type, m.artifact_type, m.subject_digest, m.size, m.image_size, m.pushed_at, m.last_pulled_at'
const archival = 'LEFT JOIN image_archivals a ON a.repository_id = r.id AND a.digest = m.digest'
const joins = {
  tag: `LEFT JOIN tags t ON t.repository_id = r.id AND t.name = $3
        LEFT JOIN manifests m ON m.repository_id = r.id AND m.digest = t.digest
        ${archival}`,
  digest: `LEFT JOIN manifests m ON m.repository_id = r.id AND m.digest = $3 ${archival}`,
} as const
const statements = {
  summary: { tag: statement(columns, joins.tag), digest: statement(columns, joins.digest) },
  whole: {
    tag: statement(`${columns}, m.bytes`, joins.tag),
    digest: statement(`${columns}, m.bytes`, joins.digest),
  },
} as const

function statement(selected: string, join: string): string {
  return `SELECT r.id AS repository_id, ${selected} FROM repositories r ${join} WHERE r.account = $1 AND r.name = $2`
}

/** Undefined when the repository does not exist. One statement, since every pull begins with it. */
export async function lookUpManifest(
  reader: SqlReader,
  address: RepositoryAddress,
  reference: Reference,
): Promise<ManifestLookup<StoredManifest> | undefined> {
  const row = await find(reader, statements.whole, address, reference)
  if (row === undefined) return undefined
  const { manifest, ...found } = lookupOf(row)
  if (manifest === undefined) return { ...found, manifest }
  return { ...found, manifest: { ...manifest, bytes: bytes(row, 'bytes') } }
}

/** As `lookUpManifest`, without reading the bytes. */
export async function lookUpManifestSummary(
  reader: SqlReader,
  address: RepositoryAddress,
  reference: Reference,
): Promise<ManifestLookup<ManifestSummary> | undefined> {
  const row = await find(reader, statements.summary, address, reference)
  return row === undefined ? undefined : lookupOf(row)
}

async function find(
  reader: SqlReader,
  by: Readonly<Record<Reference['kind'], string>>,
  { account, name }: RepositoryAddress,
  reference: Reference,
): Promise<SqlRow | undefined> {
  return reference.kind === 'tag'
    ? reader.first(by.tag, [account, name, reference.tag])
    : reader.first(by.digest, [account, name, reference.digest])
}

function lookupOf(row: SqlRow): ManifestLookup<ManifestSummary> {
  const repositoryId = integer(row, 'repository_id')
  const manifest = row['digest'] === null ? undefined : summaryOf(row)
  return { repositoryId, manifest, isArchived: row['archival'] === 'archived' }
}
