// Purpose:  what is the least that would have to change for a denied request to be allowed?
// Spec:     our own; the words of a statement are those of the IAM User Guide.
// Input:    the request and its policies, and other principals with theirs, gathered by the caller from one snapshot.
// Deviates: nothing; each proposal was made and decided again before it is given.
// Unknowns: where nothing was found within the search's bounds there is no proposal, not a guess.
import { knownActions, findAction } from './actions.ts'
import type { PolicyType } from './compile.ts'
import type { ContextValues } from './context-values.ts'
import { evaluate, type AccessRequest, type Decision, type PolicySet } from './evaluate.ts'
import { overlaid, replaced, type Change, type Step } from './change/change.ts'
import { exemptSteps } from './change/exempt-steps.ts'
import { grantSteps } from './change/grant-steps.ts'
import type { Requester } from './requester.ts'
import { situationOf } from './situation.ts'

/** Somebody who might be let in by a change that was meant for another. */
export interface KnownPrincipal {
  readonly name: string
  readonly requester: Requester
  readonly policies: PolicySet
  readonly context: ContextValues
}

export interface Proposal {
  /** All of them together turn the decision. */
  readonly changes: readonly Change[]
  /** Other principals who could then do this to this resource and cannot now. */
  readonly opens: readonly string[]
  /** Other actions that the requester could then do to this resource and cannot now. */
  readonly alsoAllows: readonly string[]
}

/** So many decisions, and so many changes in one proposal, and no more. */
const mostDecisions = 400
const mostChanges = 4
const mostProposals = 8

/**
 * Proposals for a denied request, the least first: fewest changes, then fewest who are let in besides, then those that touch
 * a statement which nearly fits. None for an allowed one.
 */
export function smallestChanges(
  request: AccessRequest,
  policies: PolicySet,
  others: readonly KnownPrincipal[],
): readonly Proposal[] {
  if (isAllowed(request, policies)) return []
  const found = search(request, policies)
  const proposals = found.map(({ steps, state }) => ({
    changes: steps.map(({ change }) => change),
    opens: opened(request, steps, others),
    alsoAllows: alsoAllowed(request, policies, state),
  }))
  const ranked = proposals.toSorted((left, right) => cost(left) - cost(right))
  return [...ranked.slice(0, mostProposals), ...otherPrincipals(request, others)]
}

/** A change more weighs more than all that it opens. */
function cost({ changes, opens, alsoAllows }: Proposal): number {
  return changes.length * 1_000_000 + opens.length * 1000 + alsoAllows.length
}

interface State {
  readonly request: AccessRequest
  readonly policies: PolicySet
}

interface Path {
  readonly steps: readonly Step[]
  readonly state: State
}

/** Breadth first, so that the shortest ways are found before the bound is reached; a longer way is no proposal beside them. */
function search(request: AccessRequest, policies: PolicySet): readonly Path[] {
  let paths: readonly Path[] = [{ steps: [], state: { request, policies } }]
  let decisions = 0
  for (let length = 0; length <= mostChanges; length++) {
    const decided = paths.slice(0, mostDecisions - decisions).map((path) => ({
      path,
      decision: evaluate(path.state.request, path.state.policies),
    }))
    const found = decided.filter(({ decision }) => decision.kind === 'allow')
    if (found.length > 0) return found.map(({ path }) => path)
    decisions += decided.length
    paths = decided.flatMap(({ path, decision }) =>
      stepsFrom(path.state, decision).map((step) => taken(path, step)),
    )
  }
  return []
}

function stepsFrom({ request, policies }: State, decision: Decision): readonly Step[] {
  if (decision.kind === 'allow') return []
  if (decision.kind === 'explicit-deny') {
    return decision.decidedBy.flatMap((by) => exemptSteps(request, policies, by))
  }
  const { needsBothSides } = situationOf(request)
  const either = decision.missing.filter((type) => !needsBothSides && alternatives.has(type))
  const types = either.length > 0 ? either : decision.missing.slice(0, 1)
  return types.flatMap((type) => grantSteps(request, policies, type))
}

/** Where not both sides have to allow, one of these may be enough; whatever else is missing is needed. */
const alternatives: ReadonlySet<PolicyType> = new Set(['identity', 'resource', 'trust'])

function taken({ steps, state }: Path, step: Step): Path {
  const { replacement, value } = step
  const { request, policies } = state
  return {
    steps: [...steps, step],
    state: {
      request:
        value === undefined ? request : { ...request, context: overlaid(request.context, value) },
      policies: replacement === undefined ? policies : replaced(policies, replacement, true),
    },
  }
}

function opened(
  { action, resource, resourceAccount }: AccessRequest,
  steps: readonly Step[],
  others: readonly KnownPrincipal[],
): readonly string[] {
  const replacements = steps.flatMap(({ replacement }) =>
    replacement === undefined ? [] : [replacement],
  )
  if (replacements.length === 0) return []
  return others
    .filter(({ requester, context, policies }) => {
      const asked = { requester, context, action, resource, resourceAccount }
      const after = replacements.reduce((set, one) => replaced(set, one, false), policies)
      return isAllowed(asked, after) && !isAllowed(asked, policies)
    })
    .map(({ name }) => name)
}

function isAllowed(request: AccessRequest, policies: PolicySet): boolean {
  return evaluate(request, policies).kind === 'allow'
}

function alsoAllowed(request: AccessRequest, before: PolicySet, after: State): readonly string[] {
  const asked = findAction(request.action)
  return knownActions
    .filter(({ index, resource }) => index !== asked?.index && resource === asked?.resource)
    .map(({ name }) => name)
    .filter(
      (action) =>
        isAllowed({ ...after.request, action }, after.policies) &&
        !isAllowed({ ...request, action }, before),
    )
}

/** Those who can do it as things are. */
function otherPrincipals(
  { action, resource, resourceAccount }: AccessRequest,
  others: readonly KnownPrincipal[],
): readonly Proposal[] {
  const names = others
    .filter(({ requester, context, policies }) =>
      isAllowed({ requester, context, action, resource, resourceAccount }, policies),
    )
    .map(({ name }) => name)
  if (names.length === 0) return []
  return [{ changes: [{ kind: 'use-principal', names }], opens: [], alsoAllows: [] }]
}
