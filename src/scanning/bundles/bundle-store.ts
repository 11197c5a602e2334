import {
  bytes,
  instant,
  integer,
  text,
  textOrAbsent,
  type SqlReader,
  type SqlWriter,
} from '../../storage/database/database.ts'
import { readDocumentText } from '../rules/storable-advisory.ts'
import type { KeyedHash } from '../rules/content-hash.ts'

interface StatePage {
  readonly source: string
  readonly revision: number
  readonly after: string
  readonly limit: number
}

const ofRevision = `source = $1 AND advisory_key > $2 AND from_revision <= $3
  AND (until_revision IS NULL OR until_revision > $3) ORDER BY advisory_key LIMIT $4`

function placesOf({ source, after, revision, limit }: StatePage): (string | number)[] {
  return [source, after, revision, limit]
}

/** The records of a source as a revision has them, by key in byte order. */
export async function listRecordHashes(
  reader: SqlReader,
  page: StatePage,
): Promise<readonly KeyedHash[]> {
  const rows = await reader.all(
    `SELECT advisory_key, content_hash FROM advisories WHERE ${ofRevision}`,
    placesOf(page),
  )
  return rows.map((row) => ({ key: text(row, 'advisory_key'), hash: text(row, 'content_hash') }))
}

/** The same with the normalised records as JSON. */
export async function listRecords(
  reader: SqlReader,
  page: StatePage,
): Promise<readonly (KeyedHash & { readonly json: string })[]> {
  const rows = await reader.all(
    `SELECT advisory_key, content_hash, document FROM advisories WHERE ${ofRevision}`,
    placesOf(page),
  )
  return rows.map((row) => ({
    key: text(row, 'advisory_key'),
    hash: text(row, 'content_hash'),
    json: readDocumentText(bytes(row, 'document')),
  }))
}

/** One record as a revision has it, as JSON. */
export async function findRecord(
  reader: SqlReader,
  {
    source,
    key,
    revision,
  }: { readonly source: string; readonly key: string; readonly revision: number },
): Promise<string | undefined> {
  const row = await reader.first(
    `SELECT document FROM advisories WHERE source = $1 AND advisory_key = $2 AND from_revision <= $3
       AND (until_revision IS NULL OR until_revision > $3)`,
    [source, key, revision],
  )
  return row === undefined ? undefined : readDocumentText(bytes(row, 'document'))
}

/** A key that signs bundles; its private half is a stored key of this name. */
export interface BundleKey {
  readonly name: string
  /** SHA-256 of the public key as SubjectPublicKeyInfo, in hexadecimal. */
  readonly fingerprint: string
  /** PEM. */
  readonly publicKey: string
  readonly createdAt: Date
}

/** The newest first. */
export async function listBundleKeys(reader: SqlReader): Promise<readonly BundleKey[]> {
  const rows = await reader.all(
    'SELECT name, fingerprint, public_key, created_at FROM bundle_keys ORDER BY id DESC LIMIT 100',
  )
  return rows.map((row) => ({
    name: text(row, 'name'),
    fingerprint: text(row, 'fingerprint'),
    publicKey: text(row, 'public_key'),
    createdAt: instant(row, 'created_at'),
  }))
}

/** The same key again changes nothing. */
export async function insertBundleKey(tx: SqlWriter, key: BundleKey): Promise<void> {
  await tx.run(
    `INSERT INTO bundle_keys (name, fingerprint, public_key, created_at) VALUES ($1, $2, $3, $4)
     ON CONFLICT (name) DO NOTHING`,
    [key.name, key.fingerprint, key.publicKey, key.createdAt.getTime()],
  )
}

/** What a bundle that was made here has: enough to say what changed since. */
export interface BundleExport {
  readonly bundleId: string
  readonly revision: number
  /** Content hash of each source by its name, of tables about CVEs too. */
  readonly contents: Readonly<Record<string, string>>
}

export async function recordBundleExport(
  tx: SqlWriter,
  { bundleId, revision, contents }: BundleExport,
  now: Date,
): Promise<void> {
  await tx.run(
    `INSERT INTO bundle_exports (bundle_id, revision, sources, created_at) VALUES ($1, $2, $3, $4)
     ON CONFLICT (bundle_id) DO UPDATE SET revision = excluded.revision, created_at = excluded.created_at`,
    [bundleId, revision, JSON.stringify(contents), now.getTime()],
  )
}

/** By id, or by the revision that it was made of. */
export async function findBundleExport(
  reader: SqlReader,
  asked: { readonly bundleId: string } | { readonly revision: number },
): Promise<BundleExport | undefined> {
  const isById = 'bundleId' in asked
  const row = await reader.first(
    `SELECT bundle_id, revision, sources FROM bundle_exports
     WHERE ${isById ? 'bundle_id' : 'revision'} = $1 ORDER BY created_at DESC LIMIT 1`,
    [isById ? asked.bundleId : asked.revision],
  )
  if (row === undefined) return undefined
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- written by recordBundleExport from a value of this type
  const contents = JSON.parse(text(row, 'sources')) as BundleExport['contents']
  return { bundleId: text(row, 'bundle_id'), revision: integer(row, 'revision'), contents }
}

/** A bundle that was brought in. */
export interface BundleImport {
  readonly bundleId: string
  /** Of the data, where the bundle was made. */
  readonly revision: number
  readonly madeAt: Date
  /** Of the key whose signature counted; undefined where none was asked for. */
  readonly fingerprint: string | undefined
  readonly importedBy: string
  readonly importedAt: Date
}

export async function insertBundleImport(tx: SqlWriter, one: BundleImport): Promise<void> {
  await tx.run(
    `INSERT INTO bundle_imports (bundle_id, revision, made_at, fingerprint, imported_by, imported_at)
     VALUES ($1, $2, $3, $4, $5, $6)`,
    [
      one.bundleId,
      one.revision,
      one.madeAt.getTime(),
      one.fingerprint ?? null,
      one.importedBy,
      one.importedAt.getTime(),
    ],
  )
}

/** The bundle that came in last. */
export async function findLastBundleImport(reader: SqlReader): Promise<BundleImport | undefined> {
  const row = await reader.first(
    `SELECT bundle_id, revision, made_at, fingerprint, imported_by, imported_at FROM bundle_imports
     ORDER BY id DESC LIMIT 1`,
  )
  if (row === undefined) return undefined
  return {
    bundleId: text(row, 'bundle_id'),
    revision: integer(row, 'revision'),
    madeAt: instant(row, 'made_at'),
    fingerprint: textOrAbsent(row, 'fingerprint'),
    importedBy: text(row, 'imported_by'),
    importedAt: instant(row, 'imported_at'),
  }
}

/** How a source stands that a bundle brought. */
export interface BundledSource {
  readonly source: string
  readonly bundleId: string
  /** How it came to where the bundle was made. */
  readonly origin: string
  readonly asOf: Date
}

export async function listBundledSources(reader: SqlReader): Promise<readonly BundledSource[]> {
  const rows = await reader.all(
    'SELECT source, bundle_id, origin, as_of FROM bundle_sources ORDER BY source',
  )
  return rows.map((row) => ({
    source: text(row, 'source'),
    bundleId: text(row, 'bundle_id'),
    origin: text(row, 'origin'),
    asOf: instant(row, 'as_of'),
  }))
}

export async function writeBundledSource(tx: SqlWriter, one: BundledSource): Promise<void> {
  await tx.run(
    `INSERT INTO bundle_sources (source, bundle_id, origin, as_of) VALUES ($1, $2, $3, $4)
     ON CONFLICT (source) DO UPDATE SET bundle_id = excluded.bundle_id, origin = excluded.origin, as_of = excluded.as_of`,
    [one.source, one.bundleId, one.origin, one.asOf.getTime()],
  )
}
