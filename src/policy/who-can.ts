// Purpose:  who may do this to this resource: always, never, or under which condition?
// Spec:     IAM User Guide, "Policy evaluation logic"; the question is our own.
// Input:    candidates with the policies that concern them, gathered by the caller from one snapshot.
// Deviates: nothing; each answer is what `evaluate` would say in every context that agrees with what is known.
// Unknowns: keys that are free stay in the condition. A condition that happens to be always true is still a condition.
import type { AccountId } from './account-id.ts'
import type { DecidingStatement, PolicySet } from './evaluate.ts'
import { formulaText, type Formula } from './formula.ts'
import type { Requester } from './requester.ts'
import { residualOf, type PartialContext } from './residual.ts'

export interface Candidate {
  /** As answers call it: an ARN. */
  readonly name: string
  readonly requester: Requester
  readonly policies: PolicySet
  /** What is known of each of its requests; what differs from one request to the next is free. */
  readonly context: PartialContext
}

export interface AccessQuestion {
  readonly action: string
  readonly resource: string
  readonly resourceAccount: AccountId | undefined
}

export type Access =
  | { readonly kind: 'always' }
  | { readonly kind: 'never' }
  | { readonly kind: 'conditional'; readonly when: Formula; readonly text: string }

export interface CandidateAccess {
  readonly name: string
  readonly access: Access
  /** Statements whose Allow the answer may rest on: the path that grants. */
  readonly grantedBy: readonly DecidingStatement[]
  /** Statements whose Deny may take it away. */
  readonly deniedBy: readonly DecidingStatement[]
}

/** One answer for each candidate, in their order; those who never may are among them. */
export function whoCan(
  candidates: readonly Candidate[],
  question: AccessQuestion,
): readonly CandidateAccess[] {
  return candidates.map((candidate) => accessFor(candidate, question))
}

export function accessFor(
  { name, requester, policies, context }: Candidate,
  question: AccessQuestion,
): CandidateAccess {
  const { when, grantedBy, deniedBy } = residualOf({ ...question, requester, context }, policies)
  return { name, access: accessOf(when), grantedBy, deniedBy }
}

function accessOf(when: Formula): Access {
  if (when.kind === 'true') return { kind: 'always' }
  if (when.kind === 'false') return { kind: 'never' }
  return { kind: 'conditional', when, text: formulaText(when) }
}
