// Purpose:  where a request is judged by less, or by more, than the policies that were gathered.
// Spec:     Pratique's own: a guard rail that shuts everybody out must be mendable; nobody unnamed writes.
// Input:    who asks, the action, and the account of the resource.
// Deviates: AWS keeps guard rails away from one account, which manages the others; here they bind each, and root mends them.
// Unknowns: any other action or caller is judged by everything.
import type { AccessRequest } from '../../policy/evaluate.ts'

/** The most that a caller without a name is ever allowed, whatever a policy says; in lower case. */
export const anonymousActions: ReadonlySet<string> = new Set([
  'ecr:batchgetimage',
  'ecr:getdownloadurlforlayer',
  'ecr:batchchecklayeravailability',
  'ecr:listimages',
])

/** Is it for callers with a name alone? */
export function isForNamedOnly({
  requester,
  action,
}: Pick<AccessRequest, 'requester' | 'action'>): boolean {
  return requester.kind === 'anonymous' && !anonymousActions.has(action.toLowerCase())
}

const guardRailActions = new Set([
  'pratique:putguardrail',
  'pratique:deleteguardrail',
  'pratique:listguardrails',
])

/** The root user takes back a guard rail of the own account that shuts everybody out, root included. */
export function passesGuardRails({
  requester,
  action,
}: Pick<AccessRequest, 'requester' | 'action'>): boolean {
  return requester.kind === 'root' && guardRailActions.has(action.toLowerCase())
}
