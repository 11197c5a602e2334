import type { AccountId } from '../policy/account-id.ts'
import type { SqlReader } from '../storage/database/database.ts'
import { carryPolicy } from './carry-session.ts'
import { accessError } from './errors.ts'
import { findPolicy } from './managed-policies.ts'
import { requirePolicy } from './require-policy.ts'
import type { SessionTags } from './rules/session-tags.ts'

/** What narrows a session: its policies, as they are asked for. */
export interface SessionPolicies {
  readonly policies: readonly string[]
  readonly policyArns: readonly string[]
}

/** Policies, ARNs and tags as they travel in the session's token, together. */
const mostCarriedBytes = 2560

/**
 * Nothing, or the refusal: POLICY_MALFORMED, INPUT_CONSTRAINT for an ARN that names no policy of the account and none of AWS's.
 */
export async function requireSessionPolicies(
  reader: SqlReader,
  account: AccountId,
  { policies, policyArns }: SessionPolicies,
): Promise<void> {
  for (const text of policies) requirePolicy(text, 'session')
  for (const arn of policyArns) {
    if ((await findPolicy(reader, account, arn)) !== undefined) continue
    throw accessError('INPUT_CONSTRAINT', `The policy ARN ${arn.slice(0, 300)} names no policy`)
  }
}

/** How much of what a session can carry this is, in percent; undefined for nothing. SESSION_TOO_LARGE above a hundred. */
export function packedPolicySize(session: SessionPolicies & SessionTags): number | undefined {
  const { policies, policyArns, tags, transitiveTagKeys } = session
  const parts = [policies.map(carryPolicy), policyArns, Object.entries(tags), transitiveTagKeys]
  if (parts.every((part) => part.length === 0)) return undefined
  const percent = Math.ceil((100 * Buffer.byteLength(JSON.stringify(parts))) / mostCarriedBytes)
  if (percent <= 100) return percent
  const message = `Packed size of session policies and tags consumes ${percent}% of allotted space.`
  throw accessError('SESSION_TOO_LARGE', message)
}
