import type { AccountId } from '../policy/account-id.ts'
import {
  instant,
  integer,
  integerOrAbsent,
  text,
  type SqlReader,
  type SqlRow,
  type SqlWriter,
} from '../storage/database/database.ts'
import type { StoredMaterial } from './rules/trust-material.ts'
import type { MaterialReference } from './rules/trust-policy.ts'

/** A store, key or root with who put it. */
export interface MaterialRow {
  readonly material: StoredMaterial
  readonly version: number
  readonly putAt: Date
  /** ARN. */
  readonly putBy: string
}

const columns = 'kind, name, version, document, put_at, put_by'

export async function findMaterial(
  reader: SqlReader,
  account: AccountId,
  { kind, name }: MaterialReference,
): Promise<MaterialRow | undefined> {
  const row = await reader.first(
    `SELECT ${columns} FROM trust_material WHERE account = $1 AND kind = $2 AND name = $3`,
    [account, kind, name],
  )
  return row === undefined ? undefined : materialOf(row)
}

export async function listMaterial(
  reader: SqlReader,
  account: AccountId,
  kind: MaterialReference['kind'],
  limit: number,
): Promise<readonly MaterialRow[]> {
  const rows = await reader.all(
    `SELECT ${columns} FROM trust_material WHERE account = $1 AND kind = $2 ORDER BY name LIMIT $3`,
    [account, kind, limit],
  )
  return rows.map(materialOf)
}

export async function countMaterial(reader: SqlReader, account: AccountId): Promise<number> {
  const row = await reader.first('SELECT COUNT(*) AS n FROM trust_material WHERE account = $1', [
    account,
  ])
  return row === undefined ? 0 : integer(row, 'n')
}

/** In place of the one before; the new version. */
export async function writeMaterial(
  tx: SqlWriter,
  account: AccountId,
  { material, by }: { readonly material: StoredMaterial; readonly by: string },
  now: Date,
): Promise<number> {
  const version = await nextVersion(tx, account, material)
  const { kind, name } = material
  const document = JSON.stringify(material)
  const values = [account, kind, name, version, document, now.getTime(), by] as const
  await tx.run(
    `INSERT INTO trust_material (account, kind, name, version, document, put_at, put_by)
     VALUES ($1, $2, $3, $4, $5, $6, $7)
     ON CONFLICT (account, kind, name) DO UPDATE SET version = excluded.version, document = excluded.document,
       put_at = excluded.put_at, put_by = excluded.put_by`,
    values,
  )
  await tx.run(
    `INSERT INTO trust_material_versions (account, kind, name, version, document, put_at, put_by)
     VALUES ($1, $2, $3, $4, $5, $6, $7)`,
    values,
  )
  return version
}

export async function deleteMaterialRow(
  tx: SqlWriter,
  account: AccountId,
  { reference, by }: { readonly reference: MaterialReference; readonly by: string },
  now: Date,
): Promise<void> {
  const { kind, name } = reference
  const version = await nextVersion(tx, account, reference)
  await tx.run('DELETE FROM trust_material WHERE account = $1 AND kind = $2 AND name = $3', [
    account,
    kind,
    name,
  ])
  await tx.run(
    `INSERT INTO trust_material_versions (account, kind, name, version, document, put_at, put_by)
     VALUES ($1, $2, $3, $4, NULL, $5, $6)`,
    [account, kind, name, version, now.getTime(), by],
  )
}

/** Of a name that was deleted the numbers go on. */
async function nextVersion(
  reader: SqlReader,
  account: AccountId,
  { kind, name }: MaterialReference,
): Promise<number> {
  const row = await reader.first(
    'SELECT MAX(version) AS newest FROM trust_material_versions WHERE account = $1 AND kind = $2 AND name = $3',
    [account, kind, name],
  )
  return ((row === undefined ? undefined : integerOrAbsent(row, 'newest')) ?? 0) + 1
}

function materialOf(row: SqlRow): MaterialRow {
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- what writeMaterial wrote
  const material = JSON.parse(text(row, 'document')) as StoredMaterial
  return {
    material,
    version: integer(row, 'version'),
    putAt: instant(row, 'put_at'),
    putBy: text(row, 'put_by'),
  }
}
