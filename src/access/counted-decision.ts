import type { AccessRequest, Decision } from '../policy/evaluate.ts'
import { isForNamedOnly } from './rules/exceptions.ts'
import { repositoryPolicyName } from './stored-policy.ts'

const closed: Decision = { kind: 'implicit-deny', missing: ['resource'] }

/**
 * What a decision comes to for a caller without a name: reading, where a repository's own policy opens it to everybody. That is put
 * by force alone; the registry's policy, which nobody is asked about, would open every repository at once.
 */
export function countedDecision(
  asked: Pick<AccessRequest, 'requester' | 'action'>,
  decision: Decision,
): Decision {
  if (isForNamedOnly(asked)) return closed
  if (asked.requester.kind !== 'anonymous' || decision.kind !== 'allow') return decision
  return opensToEverybody(decision.decidedBy) ? decision : closed
}

export function opensToEverybody(
  grantedBy: readonly { readonly type: string; readonly policy: string }[],
): boolean {
  const { type, id } = repositoryPolicyName
  return grantedBy.some((by) => by.type === type && by.policy === id)
}
