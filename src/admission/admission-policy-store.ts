import type { AccountId } from '../policy/account-id.ts'
import {
  instant,
  integer,
  text,
  type SqlReader,
  type SqlRow,
  type SqlWriter,
} from '../storage/database/database.ts'

export interface StoredAdmissionPolicy {
  readonly name: string
  /** As it was put. */
  readonly text: string
  readonly version: number
  readonly putAt: Date
  /** ARN. */
  readonly putBy: string
}

const columns = 'name, text, version, put_at, put_by'

/** Undefined where there is none, or none any more. */
export async function findPolicyRow(
  reader: SqlReader,
  account: AccountId,
  name: string,
): Promise<StoredAdmissionPolicy | undefined> {
  const row = await reader.first(
    `SELECT ${columns} FROM admission_policies WHERE account = $1 AND name = $2 AND text IS NOT NULL`,
    [account, name],
  )
  return row === undefined ? undefined : policyOf(row)
}

/** In the order of names. */
export async function listPolicyRows(
  reader: SqlReader,
  account: AccountId,
  limit: number,
): Promise<readonly StoredAdmissionPolicy[]> {
  const rows = await reader.all(
    `SELECT ${columns} FROM admission_policies WHERE account = $1 AND text IS NOT NULL ORDER BY name LIMIT $2`,
    [account, limit],
  )
  return rows.map(policyOf)
}

/** Without their texts; in the order of names. */
export async function listPolicyVersions(
  reader: SqlReader,
  account: AccountId,
  limit: number,
): Promise<readonly { readonly name: string; readonly version: number }[]> {
  const rows = await reader.all(
    'SELECT name, version FROM admission_policies WHERE account = $1 AND text IS NOT NULL ORDER BY name LIMIT $2',
    [account, limit],
  )
  return rows.map((row) => ({ name: text(row, 'name'), version: integer(row, 'version') }))
}

export interface WrittenPolicy {
  readonly account: AccountId
  readonly name: string
  /** Undefined: it is deleted. */
  readonly text: string | undefined
  readonly by: string
}

/** The new version of the document. */
export async function writePolicy(
  tx: SqlWriter,
  { account, name, text: document, by }: WrittenPolicy,
  now: Date,
): Promise<number> {
  const at = now.getTime()
  const row = await tx.first(
    `INSERT INTO admission_policies (account, name, text, version, put_at, put_by) VALUES ($1, $2, $3, 1, $4, $5)
     ON CONFLICT (account, name) DO UPDATE SET text = excluded.text, version = admission_policies.version + 1,
       put_at = excluded.put_at, put_by = excluded.put_by
     RETURNING version`,
    [account, name, document ?? null, at, by],
  )
  if (row === undefined) throw new Error('a written policy has a version')
  const version = integer(row, 'version')
  await tx.run(
    `INSERT INTO admission_policy_versions (account, name, version, text, put_at, put_by) VALUES ($1, $2, $3, $4, $5, $6)`,
    [account, name, version, document ?? null, at, by],
  )
  return version
}

function policyOf(row: SqlRow): StoredAdmissionPolicy {
  return {
    name: text(row, 'name'),
    text: text(row, 'text'),
    version: integer(row, 'version'),
    putAt: instant(row, 'put_at'),
    putBy: text(row, 'put_by'),
  }
}
