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
/** So many ways are asked what else they open: each answer takes a decision for everybody and every action. */
const mostWeighed = 64

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
  const denied = others.filter((other) => !isAllowed(askedBy(other, request), other.policies))
  const actions = deniedActions(request, policies)
  const proposals = weighed(search(request, policies)).map(({ steps, state }) => ({
    changes: steps.map(({ change }) => change),
    opens: opened(request, steps, denied),
    alsoAllows: actions.filter((action) => isAllowed({ ...state.request, action }, state.policies)),
  }))
  const ranked = proposals.toSorted((left, right) => cost(left) - cost(right))
  const able = others.filter((other) => !denied.includes(other))
  return [...ranked.slice(0, mostProposals), ...otherPrincipals(able)]
}

/** New statements open the least, and are there in any case. */
function weighed(found: readonly Path[]): readonly Path[] {
  if (found.length <= mostWeighed) return found
  const isNew = ({ steps }: Path): boolean =>
    steps.every(({ change }) => change.kind === 'add-statement')
  const chosen = new Set([...found.filter(isNew), ...found].slice(0, mostWeighed))
  return found.filter((path) => chosen.has(path))
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
    paths = longer(decided, mostDecisions - decisions)
  }
  return []
}

/** No more than are going to be decided: each is a policy compiled anew. */
function longer(
  decided: readonly { readonly path: Path; readonly decision: Decision }[],
  most: number,
): readonly Path[] {
  const paths: Path[] = []
  for (const { path, decision } of decided) {
    if (paths.length >= most) break
    paths.push(...stepsFrom(path.state, decision).map((step) => taken(path, step)))
  }
  return paths
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
  request: AccessRequest,
  steps: readonly Step[],
  denied: readonly KnownPrincipal[],
): readonly string[] {
  const replacements = steps.flatMap(({ replacement }) =>
    replacement === undefined ? [] : [replacement],
  )
  if (replacements.length === 0) return []
  return denied
    .filter((other) => {
      const after = replacements.reduce((set, one) => replaced(set, one, false), other.policies)
      return isAllowed(askedBy(other, request), after)
    })
    .map(({ name }) => name)
}

/** The same request, if another made it. */
function askedBy({ requester, context }: KnownPrincipal, request: AccessRequest): AccessRequest {
  return { ...request, requester, context }
}

function isAllowed(request: AccessRequest, policies: PolicySet): boolean {
  return evaluate(request, policies).kind === 'allow'
}

/** What else could be done to such a resource, and cannot now. */
function deniedActions(request: AccessRequest, policies: PolicySet): readonly string[] {
  const asked = findAction(request.action)
  return knownActions
    .filter(({ index, resource }) => index !== asked?.index && resource === asked?.resource)
    .map(({ name }) => name)
    .filter((action) => !isAllowed({ ...request, action }, policies))
}

/** Those who can do it as things are. */
function otherPrincipals(able: readonly KnownPrincipal[]): readonly Proposal[] {
  const names = able.map(({ name }) => name)
  if (names.length === 0) return []
  return [{ changes: [{ kind: 'use-principal', names }], opens: [], alsoAllows: [] }]
}
