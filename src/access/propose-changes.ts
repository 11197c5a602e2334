import type { AccountId } from '../policy/account-id.ts'
import type { Change } from '../policy/change/change.ts'
import type { PolicyType } from '../policy/compile.ts'
import { smallestChanges, type KnownPrincipal, type Proposal } from '../policy/smallest-change.ts'
import { isForNamedOnly } from './rules/exceptions.ts'
import type { View } from './show-explanation.ts'
import { registryPolicyName } from './stored-policy.ts'

/** Something in policies of an account that the asker may not read: that it is needed, and not what it says. */
export interface HiddenChange {
  readonly kind: 'ask-account'
  readonly type: PolicyType
  readonly account: AccountId | undefined
}

export interface ShownProposal extends Omit<Proposal, 'changes'> {
  readonly changes: readonly (Change | HiddenChange)[]
}

/**
 * Proposals for a denied request, the least first, as somebody may see them who cannot read the policies of every account. Each
 * was decided again before it is shown.
 */
export function proposeChanges(
  view: View,
  others: readonly KnownPrincipal[],
): readonly ShownProposal[] {
  const { request, policies } = view
  // No policy gives a name to who has none.
  if (isForNamedOnly(request)) return []
  const isUnnamed = request.requester.kind === 'anonymous'
  const shown = smallestChanges(request, policies, others)
    .filter(({ changes }) => !isUnnamed || !changes.some(isGrantOfRegistry))
    .map((one) => shownTo(view, one))
  // What differs in hidden parts alone is one.
  const byText = new Map(shown.map((one) => [JSON.stringify(one), one] as const))
  return [...byText.values()]
}

/** It opens nothing to who has no name: see counted-decision.ts. */
function isGrantOfRegistry(change: Change): boolean {
  if (change.kind === 'use-principal' || change.policy !== registryPolicyName.id) return false
  return change.kind !== 'meet-condition' && change.statement.Effect === 'Allow'
}

function shownTo(view: View, { changes, opens, alsoAllows }: Proposal): ShownProposal {
  const shown = changes.map((change) => shownChange(view, change))
  const isWhole = shown.every(({ kind }) => kind !== 'ask-account')
  // What a statement would let through besides tells what it says.
  return { changes: shown, opens, alsoAllows: isWhole ? alsoAllows : [] }
}

/** A new statement says only what was asked; one that is there, or what it waits for, says what is its account's to know. */
function shownChange({ canRead, request }: View, change: Change): Change | HiddenChange {
  if (change.kind === 'use-principal' || change.kind === 'add-statement') return change
  const { requester, resourceAccount } = request
  const own = 'account' in requester ? requester.account : undefined
  const { type } = change
  const account = isOfResource(type) ? resourceAccount : own
  if (!canRead(type)) return { kind: 'ask-account', type, account }
  // It may hold the value that the resource's tag has.
  const isTold = canRead('resource') || change.kind !== 'edit-statement'
  const readsTags = !isTold && /(?:aws|ecr):resourcetag\//i.test(JSON.stringify(change.statement))
  return readsTags ? { kind: 'ask-account', type: 'resource', account: resourceAccount } : change
}

/** Whose policies these are: the resource's account's, or those of who asks. */
export function isOfResource(type: PolicyType): boolean {
  return type === 'resource' || type === 'rcp' || type === 'trust'
}
