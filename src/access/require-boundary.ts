import type { AccountId } from '../policy/account-id.ts'
import { isAwsManagedArn } from '../policy/managed/aws-policies.ts'
import { parseManagedPolicyArn } from '../policy/managed/policy-arn.ts'
import type { SqlReader } from '../storage/database/database.ts'
import { accessError } from './errors.ts'
import { findPolicy } from './managed-policies.ts'

/** A boundary is a managed policy of the account or of AWS; refused with INPUT_INVALID or ENTITY_UNKNOWN otherwise. */
export async function requireBoundary(
  reader: SqlReader,
  account: AccountId,
  arn: string,
): Promise<void> {
  if (!isAwsManagedArn(arn) && parseManagedPolicyArn(arn) === undefined) {
    throw accessError('INPUT_INVALID', `ARN ${arn} is not valid.`)
  }
  const policy = await findPolicy(reader, account, arn)
  if (policy?.isAttachable === true) return
  throw accessError('ENTITY_UNKNOWN', `Scope ARN: ${arn} does not exist or is not attachable.`)
}
