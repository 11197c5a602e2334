import type { AccountId } from '../policy/account-id.ts'
import {
  instant,
  integer,
  text,
  textOrAbsent,
  type SqlReader,
  type SqlRow,
  type SqlWriter,
} from '../storage/database/database.ts'
import type { MaterialReference } from './rules/trust-policy.ts'

export interface StoredTrustPolicy {
  readonly name: string
  /** As it was put. */
  readonly text: string
  /** Of the document. */
  readonly version: number
  /** Grows with the document and with what it names. */
  readonly revision: number
  /** Evidence of an earlier revision does not count. */
  readonly floor: number
  readonly putAt: Date
  /** ARN. */
  readonly putBy: string
}

const columns = 'name, text, version, revision, floor, put_at, put_by'

/** Undefined where there is none, or none any more. */
export async function findPolicyRow(
  reader: SqlReader,
  account: AccountId,
  name: string,
): Promise<StoredTrustPolicy | undefined> {
  const row = await reader.first(
    `SELECT ${columns} FROM trust_policies WHERE account = $1 AND name = $2 AND text IS NOT NULL`,
    [account, name],
  )
  return row === undefined ? undefined : policyOf(row)
}

/** In the order of names. */
export async function listPolicyRows(
  reader: SqlReader,
  account: AccountId,
  limit: number,
): Promise<readonly StoredTrustPolicy[]> {
  const rows = await reader.all(
    `SELECT ${columns} FROM trust_policies WHERE account = $1 AND text IS NOT NULL ORDER BY name LIMIT $2`,
    [account, limit],
  )
  return rows.map(policyOf)
}

/** Accounts that have a policy. */
export async function listPolicyAccounts(reader: SqlReader): Promise<readonly string[]> {
  const rows = await reader.all(
    'SELECT DISTINCT account FROM trust_policies WHERE text IS NOT NULL ORDER BY account',
  )
  return rows.map((row) => text(row, 'account'))
}

export interface WrittenPolicy {
  readonly account: AccountId
  readonly name: string
  /** Undefined: it is deleted. */
  readonly text: string | undefined
  readonly inheritFromIndex: boolean
  readonly material: readonly MaterialReference[]
  /** Whether evidence of before may still count. */
  readonly onlyAdds: boolean
  readonly by: string
}

/** The new version of the document. */
export async function writePolicy(
  tx: SqlWriter,
  policy: WrittenPolicy,
  now: Date,
): Promise<{ readonly version: number }> {
  const { account, name, by } = policy
  const row = await tx.first(
    `INSERT INTO trust_policies (account, name, text, inherit_from_index, version, revision, floor, put_at, put_by)
     VALUES ($1, $2, $3, $4, 1, 1, 1, $5, $6)
     ON CONFLICT (account, name) DO UPDATE SET text = excluded.text, inherit_from_index = excluded.inherit_from_index,
       version = trust_policies.version + 1, revision = trust_policies.revision + 1,
       floor = CASE WHEN $7 = 1 THEN trust_policies.floor ELSE trust_policies.revision + 1 END,
       put_at = excluded.put_at, put_by = excluded.put_by
     RETURNING version`,
    [
      account,
      name,
      policy.text ?? null,
      policy.inheritFromIndex ? 1 : 0,
      now.getTime(),
      by,
      policy.onlyAdds ? 1 : 0,
    ],
  )
  if (row === undefined) throw new Error('a written trust policy has no version')
  const version = integer(row, 'version')
  await tx.run(
    `INSERT INTO trust_policy_versions (account, name, version, text, put_at, put_by) VALUES ($1, $2, $3, $4, $5, $6)`,
    [account, name, version, policy.text ?? null, now.getTime(), by],
  )
  await tx.run('DELETE FROM trust_policy_material WHERE account = $1 AND policy = $2', [
    account,
    name,
  ])
  for (const one of policy.material)
    await tx.run(
      'INSERT INTO trust_policy_material (account, kind, name, policy) VALUES ($1, $2, $3, $4)',
      [account, one.kind, one.name, name],
    )
  return { version }
}

/** Policies in force that name it. */
export async function listPoliciesNaming(
  reader: SqlReader,
  account: AccountId,
  { kind, name }: MaterialReference,
): Promise<readonly string[]> {
  const rows = await reader.all(
    'SELECT policy FROM trust_policy_material WHERE account = $1 AND kind = $2 AND name = $3 ORDER BY policy',
    [account, kind, name],
  )
  return rows.map((row) => text(row, 'policy'))
}

/** Policies of all accounts that trust signers by a store of certificates; as many as there are policies at most. */
export async function listPoliciesOnAuthorities(
  reader: SqlReader,
): Promise<readonly { readonly account: string; readonly policy: string }[]> {
  const rows = await reader.all(
    `SELECT DISTINCT account, policy FROM trust_policy_material
     WHERE kind = 'store' AND (name LIKE 'signingAuthority:%' OR name LIKE 'ca:%') ORDER BY account, policy`,
  )
  return rows.map((row) => ({ account: text(row, 'account'), policy: text(row, 'policy') }))
}

/** What it names has changed; `onlyAdds`: nothing that was trusted went. */
export async function growRevision(
  tx: SqlWriter,
  account: AccountId,
  name: string,
  { onlyAdds }: { readonly onlyAdds: boolean },
): Promise<void> {
  await tx.run(
    `UPDATE trust_policies SET revision = revision + 1, floor = CASE WHEN $3 = 1 THEN floor ELSE revision + 1 END
     WHERE account = $1 AND name = $2`,
    [account, name, onlyAdds ? 1 : 0],
  )
}

export interface PolicyVersion {
  readonly version: number
  /** Undefined: it was deleted. */
  readonly text: string | undefined
  readonly putAt: Date
  readonly putBy: string
}

/** Newest first. */
export async function listPolicyVersions(
  reader: SqlReader,
  account: AccountId,
  name: string,
  limit: number,
): Promise<readonly PolicyVersion[]> {
  const rows = await reader.all(
    `SELECT version, text, put_at, put_by FROM trust_policy_versions
     WHERE account = $1 AND name = $2 ORDER BY version DESC LIMIT $3`,
    [account, name, limit],
  )
  return rows.map((row) => ({
    version: integer(row, 'version'),
    text: textOrAbsent(row, 'text'),
    putAt: instant(row, 'put_at'),
    putBy: text(row, 'put_by'),
  }))
}

function policyOf(row: SqlRow): StoredTrustPolicy {
  return {
    name: text(row, 'name'),
    text: text(row, 'text'),
    version: integer(row, 'version'),
    revision: integer(row, 'revision'),
    floor: integer(row, 'floor'),
    putAt: instant(row, 'put_at'),
    putBy: text(row, 'put_by'),
  }
}
