import { parseAccountId, type AccountId } from '../policy/account-id.ts'
import { managedPolicyArn } from '../policy/managed/policy-arn.ts'
import {
  instant,
  integer,
  text,
  textOrAbsent,
  type SqlReader,
  type SqlRow,
  type SqlWriter,
} from '../storage/database/database.ts'

/** A policy of an account's own, which can be attached to its users, groups and roles. */
export interface ManagedPolicy {
  /** `ANPA…` */
  readonly id: string
  readonly account: AccountId
  readonly arn: string
  readonly name: string
  readonly path: string
  readonly description: string | undefined
  readonly defaultVersion: number
  /** Numbers of versions are never given twice. */
  readonly nextVersion: number
  readonly createdAt: Date
  readonly updatedAt: Date
}

export interface PolicyVersion {
  readonly version: number
  /** As it was given. */
  readonly document: string
  readonly createdAt: Date
}

const columns =
  'id, account, name, path, description, default_version, next_version, created_at, updated_at'

export async function insertManagedPolicy(
  tx: SqlWriter,
  policy: Pick<ManagedPolicy, 'id' | 'account' | 'name' | 'path' | 'description'> & {
    readonly document: string
  },
  now: Date,
): Promise<void> {
  const { id, account, name, path, description, document } = policy
  const at = now.getTime()
  await tx.run(
    `INSERT INTO managed_policies (id, account, name, name_key, path, description, default_version, next_version, created_at, updated_at)
     VALUES ($1, $2, $3, $4, $5, $6, 1, 2, $7, $7)`,
    [id, account, name, name.toLowerCase(), path, description ?? null, at],
  )
  await insertVersion(tx, id, { version: 1, document, createdAt: now })
}

/** By name, without regard to case and path. */
export async function findManagedPolicyByName(
  reader: SqlReader,
  account: AccountId,
  name: string,
): Promise<ManagedPolicy | undefined> {
  const row = await reader.first(
    `SELECT ${columns} FROM managed_policies WHERE account = $1 AND name_key = $2`,
    [account, name.toLowerCase()],
  )
  return row === undefined ? undefined : policyOf(row)
}

/** All of an account, by name. */
export async function listManagedPolicies(
  reader: SqlReader,
  account: AccountId,
): Promise<readonly ManagedPolicy[]> {
  const rows = await reader.all(
    `SELECT ${columns} FROM managed_policies WHERE account = $1 ORDER BY name_key`,
    [account],
  )
  return rows.map(policyOf)
}

export async function countManagedPolicies(reader: SqlReader, account: AccountId): Promise<number> {
  const row = await reader.first('SELECT COUNT(*) AS n FROM managed_policies WHERE account = $1', [
    account,
  ])
  return row === undefined ? 0 : integer(row, 'n')
}

/** With its versions. */
export async function deleteManagedPolicy(tx: SqlWriter, id: string): Promise<void> {
  await tx.run('DELETE FROM managed_policy_versions WHERE policy_id = $1', [id])
  await tx.run('DELETE FROM managed_policies WHERE id = $1', [id])
}

/** The next version of the policy; it is not the default yet. */
export async function appendVersion(
  tx: SqlWriter,
  policy: Pick<ManagedPolicy, 'id' | 'nextVersion'>,
  document: string,
  now: Date,
): Promise<PolicyVersion> {
  const version = { version: policy.nextVersion, document, createdAt: now }
  await tx.run('UPDATE managed_policies SET next_version = $2, updated_at = $3 WHERE id = $1', [
    policy.id,
    policy.nextVersion + 1,
    now.getTime(),
  ])
  await insertVersion(tx, policy.id, version)
  return version
}

export async function setDefaultVersion(
  tx: SqlWriter,
  id: string,
  version: number,
  now: Date,
): Promise<void> {
  await tx.run('UPDATE managed_policies SET default_version = $2, updated_at = $3 WHERE id = $1', [
    id,
    version,
    now.getTime(),
  ])
}

export async function deleteVersion(tx: SqlWriter, id: string, version: number): Promise<void> {
  await tx.run('DELETE FROM managed_policy_versions WHERE policy_id = $1 AND version = $2', [
    id,
    version,
  ])
}

export async function findVersion(
  reader: SqlReader,
  id: string,
  version: number,
): Promise<PolicyVersion | undefined> {
  const row = await reader.first(
    'SELECT version, document, created_at FROM managed_policy_versions WHERE policy_id = $1 AND version = $2',
    [id, version],
  )
  return row === undefined ? undefined : versionOf(row)
}

/** The newest first, as AWS lists them: five at most. */
export async function listVersions(
  reader: SqlReader,
  id: string,
): Promise<readonly PolicyVersion[]> {
  const rows = await reader.all(
    'SELECT version, document, created_at FROM managed_policy_versions WHERE policy_id = $1 ORDER BY version DESC',
    [id],
  )
  return rows.map(versionOf)
}

async function insertVersion(tx: SqlWriter, id: string, version: PolicyVersion): Promise<void> {
  await tx.run(
    'INSERT INTO managed_policy_versions (policy_id, version, document, created_at) VALUES ($1, $2, $3, $4)',
    [id, version.version, version.document, version.createdAt.getTime()],
  )
}

function policyOf(row: SqlRow): ManagedPolicy {
  const account = parseAccountId(text(row, 'account'))
  if (account === undefined) throw new Error('managed_policies.account is not an account id')
  const name = text(row, 'name')
  const path = text(row, 'path')
  return {
    id: text(row, 'id'),
    account,
    arn: managedPolicyArn(account, path, name),
    name,
    path,
    description: textOrAbsent(row, 'description'),
    defaultVersion: integer(row, 'default_version'),
    nextVersion: integer(row, 'next_version'),
    createdAt: instant(row, 'created_at'),
    updatedAt: instant(row, 'updated_at'),
  }
}

function versionOf(row: SqlRow): PolicyVersion {
  return {
    version: integer(row, 'version'),
    document: text(row, 'document'),
    createdAt: instant(row, 'created_at'),
  }
}
