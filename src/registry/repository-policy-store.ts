import type { StoredPolicy } from '../access/policy-snapshot-store.ts'
import { readPrincipalIds, writePrincipalIds } from '../access/rules/principal-ids.ts'
import type { AccountId } from '../policy/account-id.ts'
import { text, type SqlReader, type SqlRow, type SqlWriter } from '../storage/database/database.ts'

export async function findRepositoryPolicy(
  reader: SqlReader,
  repositoryId: number,
): Promise<StoredPolicy | undefined> {
  const row = await reader.first(
    'SELECT document, principals FROM repository_policies WHERE repository_id = $1',
    [repositoryId],
  )
  return row === undefined ? undefined : policyOf(row)
}

export async function putRepositoryPolicyRow(
  tx: SqlWriter,
  repositoryId: number,
  policy: StoredPolicy,
  now: Date,
): Promise<void> {
  await tx.run(
    `INSERT INTO repository_policies (repository_id, document, principals, updated_at) VALUES ($1, $2, $3, $4)
     ON CONFLICT (repository_id) DO UPDATE SET document = excluded.document, principals = excluded.principals, updated_at = excluded.updated_at`,
    [repositoryId, policy.document, writePrincipalIds(policy.principals), now.getTime()],
  )
}

export async function deleteRepositoryPolicyRow(
  tx: SqlWriter,
  repositoryId: number,
): Promise<void> {
  await tx.run('DELETE FROM repository_policies WHERE repository_id = $1', [repositoryId])
}

export async function putRegistryPolicyRow(
  tx: SqlWriter,
  account: AccountId,
  policy: StoredPolicy,
  now: Date,
): Promise<void> {
  await tx.run(
    `INSERT INTO registry_policies (account, document, principals, updated_at) VALUES ($1, $2, $3, $4)
     ON CONFLICT (account) DO UPDATE SET document = excluded.document, principals = excluded.principals, updated_at = excluded.updated_at`,
    [account, policy.document, writePrincipalIds(policy.principals), now.getTime()],
  )
}

export async function deleteRegistryPolicyRow(tx: SqlWriter, account: AccountId): Promise<void> {
  await tx.run('DELETE FROM registry_policies WHERE account = $1', [account])
}

function policyOf(row: SqlRow): StoredPolicy {
  return {
    document: text(row, 'document'),
    principals: readPrincipalIds(text(row, 'principals')),
  }
}
