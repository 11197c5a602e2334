import type { AccountId } from '../policy/account-id.ts'
import { awsManagedPolicies } from '../policy/managed/aws-policies.ts'
import type { SqlReader } from '../storage/database/database.ts'
import { hasManagedPolicy } from './boundary-store.ts'
import { accessError } from './errors.ts'

/** A boundary is a managed policy of the account or of AWS; refused with INPUT_INVALID or ENTITY_UNKNOWN otherwise. */
export async function requireBoundary(
  reader: SqlReader,
  account: AccountId,
  arn: string,
): Promise<void> {
  const parts = /^arn:aws:iam::(aws|[0-9]{12}):policy(\/(?:[!-~]+\/)?)([\w+=,.@-]+)$/.exec(arn)
  const [, owner, path = '', name = ''] = parts ?? []
  if (owner === undefined) throw accessError('INPUT_INVALID', `ARN ${arn} is not valid.`)
  const isThere =
    owner === 'aws'
      ? awsManagedPolicies.get(arn)?.isAttachable === true
      : owner === account && (await hasManagedPolicy(reader, account, { path, name }))
  if (isThere) return
  throw accessError('ENTITY_UNKNOWN', `Scope ARN: ${arn} does not exist or is not attachable.`)
}
