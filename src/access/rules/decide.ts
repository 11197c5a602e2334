// Purpose:  may this principal do this to this resource?
// Spec:     AWS IAM, "Policy evaluation logic": deny unless something allows.
// Input:    a principal that was authenticated, an action and the ARNs it is about.
// Deviates: one rule instead of policies: an administrator of the account may do everything in it, nobody else anything.
// Unknowns: a resource of another account, or of none → denied.
import type { AccountId } from '../../policy/account-id.ts'
import { parseArn } from '../../policy/arn.ts'
import { isAwsManagedArn } from '../../policy/managed/aws-policies.ts'

export interface DecisionRequest {
  readonly principal: {
    readonly arn: string
    readonly account: AccountId
    readonly isAdministrator: boolean
  }
  readonly action: string
  /** ARNs, or `*` for an action that has no resource. */
  readonly resources: readonly string[]
}

export type Decision =
  | { readonly kind: 'allow'; readonly reason: string }
  | { readonly kind: 'deny'; readonly reason: string; readonly message: string }

export function decide(request: DecisionRequest): Decision {
  const { principal, action, resources } = request
  const [first] = resources
  if (first === undefined) {
    return deny(request, '*', 'identity-based', 'the request names no resource')
  }
  const foreign = resources.find((resource) => !isOfAccount(resource, principal.account))
  if (foreign !== undefined) {
    return deny(request, foreign, 'resource-based', 'the resource belongs to another account')
  }
  if (principal.isAdministrator) {
    return { kind: 'allow', reason: `${principal.arn} is an administrator of its account` }
  }
  return deny(request, first, 'identity-based', `no policy allows ${action}`)
}

function isOfAccount(resource: string, account: AccountId): boolean {
  return resource === '*' || isAwsManagedArn(resource) || parseArn(resource)?.account === account
}

/** AWS's own sentence: scripts and people recognise it. */
function deny(
  { principal, action }: DecisionRequest,
  resource: string,
  policyType: string,
  reason: string,
): Decision {
  const message = `User: ${principal.arn} is not authorized to perform: ${action} on resource: ${resource} because no ${policyType} policy allows the ${action} action`
  return { kind: 'deny', reason, message }
}
