import type { Distribution, LookupKey, Package } from '../ecosystems/ecosystem.ts'
import {
  integer,
  integerOrAbsent,
  text,
  textOrAbsent,
  type SqlReader,
  type SqlRow,
  type SqlWriter,
} from '../storage/database/database.ts'
import { readByIds, writeByIds } from '../storage/database/by-ids.ts'
import type { AdvisoryName } from './advisory-store.ts'

/** A distinct package, shared by all images that hold it. */
export interface InternedPackage {
  readonly id: number
  readonly package: Package
  /** Of packages of the operating system only. */
  readonly distribution: { readonly id: string; readonly versionId: string | undefined } | undefined
  /** Why nobody can speak about this package; undefined when it is looked up. */
  readonly unknownReason: string | undefined
  /** The revision of the data it was last matched at; undefined before the first time. */
  readonly matchedRevision: number | undefined
}

export async function findPackageId(
  reader: SqlReader,
  tupleHash: string,
): Promise<number | undefined> {
  const row = await reader.first('SELECT id FROM packages WHERE tuple_hash = $1', [tupleHash])
  return row === undefined ? undefined : integer(row, 'id')
}

export async function insertPackage(
  tx: SqlWriter,
  found: {
    readonly tupleHash: string
    readonly package: Package
    readonly distribution: Distribution | undefined
    readonly unknownReason: string | undefined
  },
): Promise<number> {
  const { package: it, distribution } = found
  const { name: sourceName = null, version: sourceVersion = null } = it.source ?? {}
  const { id = null, versionId = null } = distribution ?? {}
  const row = await tx.first(
    `INSERT INTO packages (tuple_hash, type, namespace, name, version, architecture, source_name, source_version,
       distribution_id, distribution_version, unknown_reason)
     VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11) RETURNING id`,
    [
      found.tupleHash,
      it.type,
      it.namespace ?? null,
      it.name,
      it.version,
      it.architecture ?? null,
      sourceName,
      sourceVersion,
      id,
      versionId,
      found.unknownReason ?? null,
    ],
  )
  if (row === undefined) throw new Error('a package was written without a row')
  return integer(row, 'id')
}

export async function writePackageLookup(
  tx: SqlWriter,
  packageId: number,
  { ecosystem, name, version }: LookupKey,
): Promise<void> {
  await tx.run(
    `INSERT INTO package_lookups (package_id, ecosystem, name, version) VALUES ($1, $2, $3, $4)
     ON CONFLICT (package_id, ecosystem, name) DO NOTHING`,
    [packageId, ecosystem, name, version],
  )
}

export async function findPackage(
  reader: SqlReader,
  id: number,
): Promise<InternedPackage | undefined> {
  const row = await reader.first(
    `SELECT id, type, namespace, name, version, architecture, source_name, source_version, distribution_id,
       distribution_version, unknown_reason, matched_revision
     FROM packages WHERE id = $1`,
    [id],
  )
  return row === undefined ? undefined : packageOf(row)
}

/** Rows of packages, in no order; ids that nobody has are left out. */
export async function listPackages(
  reader: SqlReader,
  ids: readonly number[],
): Promise<readonly InternedPackage[]> {
  const rows = await readByIds(
    reader,
    ids,
    (
      places,
    ) => `SELECT id, type, namespace, name, version, architecture, source_name, source_version, distribution_id,
       distribution_version, unknown_reason, matched_revision
     FROM packages WHERE id IN (${places})`,
  )
  return rows.map(packageOf)
}

/** Packages of a name and, where one is given, of a namespace. */
export interface PackageName {
  readonly namespace?: string
  readonly name: string
}

/** The types that packages of a name have. */
export async function listTypesNamed(
  reader: SqlReader,
  { name }: PackageName,
): Promise<readonly string[]> {
  const rows = await reader.all(
    'SELECT DISTINCT type FROM packages WHERE name = $1 ORDER BY type',
    [name],
  )
  return rows.map((row) => text(row, 'type'))
}

/** Of one type, in order of ids, after an id. */
export async function listPackagesNamed(
  reader: SqlReader,
  { name, namespace = '', type }: PackageName & { readonly type: string },
  { after, limit }: { readonly after: number; readonly limit: number },
): Promise<readonly { readonly id: number; readonly version: string }[]> {
  const rows = await reader.all(
    `SELECT id, version FROM packages
     WHERE name = $1 AND type = $2 AND id > $3 AND ($4 = '' OR namespace = $4) ORDER BY id LIMIT $5`,
    [name, type, after, namespace, limit],
  )
  return rows.map((row) => ({ id: integer(row, 'id'), version: text(row, 'version') }))
}

/** What decides what is said of a package, and up to where it was said. */
export interface MatchablePackage {
  readonly id: number
  readonly type: string
  /** Undefined before the first time. */
  readonly matchedRevision: number | undefined
  /** Where it is looked up. */
  readonly keys: readonly LookupKey[]
}

/** In no order; ids that nobody has are left out. */
export async function listMatchablePackages(
  reader: SqlReader,
  ids: readonly number[],
): Promise<readonly MatchablePackage[]> {
  const rows = await readByIds(
    reader,
    ids,
    (places) => `SELECT p.id, p.type, p.matched_revision, l.ecosystem, l.name, l.version
     FROM packages p LEFT JOIN package_lookups l ON l.package_id = p.id WHERE p.id IN (${places})
     ORDER BY p.id, l.ecosystem, l.name`,
  )
  const found = new Map<number, MatchablePackage & { readonly keys: LookupKey[] }>()
  for (const row of rows) {
    const id = integer(row, 'id')
    const one = found.get(id) ?? {
      id,
      type: text(row, 'type'),
      matchedRevision: integerOrAbsent(row, 'matched_revision'),
      keys: [],
    }
    found.set(id, one)
    if (row['name'] !== null) one.keys.push(lookupOf(row))
  }
  return [...found.values()]
}

export async function listPackageLookups(
  reader: SqlReader,
  packageId: number,
): Promise<readonly LookupKey[]> {
  const rows = await reader.all(
    'SELECT ecosystem, name, version FROM package_lookups WHERE package_id = $1 ORDER BY ecosystem, name',
    [packageId],
  )
  return rows.map(lookupOf)
}

function lookupOf(row: SqlRow): LookupKey {
  return {
    ecosystem: text(row, 'ecosystem'),
    name: text(row, 'name'),
    version: text(row, 'version'),
  }
}

/** A package as it is looked up under one name. */
export interface LookedUpPackage {
  readonly id: number
  readonly version: string
}

/** Packages looked up under a name, in order: from the index alone, since most of a change is reading. */
export async function listPackagesLookedUp(
  reader: SqlReader,
  { ecosystem, name }: AdvisoryName,
  { after, limit }: { readonly after: number; readonly limit: number },
): Promise<readonly LookedUpPackage[]> {
  const rows = await reader.all(
    `SELECT package_id, version FROM package_lookups
     WHERE ecosystem = $1 AND name = $2 AND package_id > $3 ORDER BY package_id LIMIT $4`,
    [ecosystem, name, after, limit],
  )
  return rows.map((row) => ({ id: integer(row, 'package_id'), version: text(row, 'version') }))
}

export async function writeMatchedRevision(
  tx: SqlWriter,
  packageIds: readonly number[],
  revision: number,
): Promise<void> {
  await writeByIds(
    tx,
    packageIds,
    (places, [at]) => `UPDATE packages SET matched_revision = ${at} WHERE id IN (${places})`,
    [revision],
  )
}

function packageOf(row: SqlRow): InternedPackage {
  const namespace = textOrAbsent(row, 'namespace')
  const architecture = textOrAbsent(row, 'architecture')
  const sourceName = textOrAbsent(row, 'source_name')
  const sourceVersion = textOrAbsent(row, 'source_version')
  const distributionId = textOrAbsent(row, 'distribution_id')
  const hasSource = sourceName !== undefined && sourceVersion !== undefined
  return {
    id: integer(row, 'id'),
    package: {
      type: text(row, 'type'),
      name: text(row, 'name'),
      version: text(row, 'version'),
      ...(namespace === undefined ? {} : { namespace }),
      ...(architecture === undefined ? {} : { architecture }),
      ...(hasSource ? { source: { name: sourceName, version: sourceVersion } } : {}),
    },
    distribution:
      distributionId === undefined
        ? undefined
        : { id: distributionId, versionId: textOrAbsent(row, 'distribution_version') },
    unknownReason: textOrAbsent(row, 'unknown_reason'),
    matchedRevision: integerOrAbsent(row, 'matched_revision'),
  }
}
