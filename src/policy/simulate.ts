// Purpose:  what would be decided, and which statements make it so, as IAM's policy simulator tells it.
// Spec:     IAM API Reference, SimulateCustomPolicy, EvaluationResult and ResourceSpecificResult.
// Input:    a request and policies, as for a decision.
// Deviates: nothing; the decision is the one that `evaluate` gives.
// Unknowns: a fault within the engine is thrown on: an unknown outcome is no decision.
import type { CompiledPolicy, CompiledStatement } from './compile.ts'
import type { AccessRequest, PolicySet } from './evaluate.ts'
import { explain } from './explain.ts'
import { allows, denies, questionOf, type Question } from './statement-match.ts'

export type SimulatedDecision = 'allowed' | 'explicitDeny' | 'implicitDeny'

export interface Simulation {
  readonly decision: SimulatedDecision
  /** Of an explicit deny those that deny, of an allow those that allow; of an implicit deny none. */
  readonly matched: readonly CompiledStatement[]
  /** Keys that statements about the action ask for and the request has not, in lower case. */
  readonly missingContext: readonly string[]
  /** Undefined where there is no boundary. */
  readonly isAllowedByBoundary: boolean | undefined
  /** By the service control policies of every level; undefined where there are none. */
  readonly isAllowedByOrganizations: boolean | undefined
  /** Across accounts only: what each side says by itself. */
  readonly sides:
    { readonly identity: SimulatedDecision; readonly resource: SimulatedDecision } | undefined
}

export function simulate(request: AccessRequest, policies: PolicySet): Simulation {
  const { decision, contextAbsent } = explain(request, policies)
  if (decision.kind === 'implicit-deny' && decision.fault !== undefined) {
    throw new Error('the policies could not be evaluated', { cause: decision.fault })
  }
  const question = questionOf(request, policies.boundary !== undefined)
  const { boundary, scp } = policies
  return {
    decision: decisions[decision.kind],
    matched: matchedStatements(decision.kind, policies, question),
    missingContext: contextAbsent,
    isAllowedByBoundary: boundary === undefined ? undefined : allowsAlone(boundary, question),
    isAllowedByOrganizations:
      scp.length === 0 ? undefined : scp.every((level) => allowsAlone(level, question)),
    sides: isAcrossAccounts(request)
      ? {
          identity: decisionAlone(policies.identity, question),
          resource: decisionAlone(policies.resource, question),
        }
      : undefined,
  }
}

const decisions = {
  allow: 'allowed',
  'explicit-deny': 'explicitDeny',
  'implicit-deny': 'implicitDeny',
} as const

/** Of several resources the hardest counts. */
export function mostRestrictive(all: readonly SimulatedDecision[]): SimulatedDecision {
  if (all.includes('explicitDeny')) return 'explicitDeny'
  return all.includes('implicitDeny') ? 'implicitDeny' : 'allowed'
}

function matchedStatements(
  kind: keyof typeof decisions,
  policies: PolicySet,
  question: Question,
): readonly CompiledStatement[] {
  const { identity, resource, boundary = [], session = [], scp, rcp } = policies
  switch (kind) {
    case 'allow':
      return [...identity, ...resource].flatMap((policy) =>
        policy.allows.filter((statement) => allows(statement, question)),
      )
    case 'explicit-deny': {
      const all = [...identity, ...resource, ...boundary, ...session, ...scp.flat(), ...rcp.flat()]
      return all.flatMap((policy) =>
        policy.denies.filter((statement) => denies(statement, question)),
      )
    }
    case 'implicit-deny':
      return []
  }
}

function decisionAlone(policies: readonly CompiledPolicy[], question: Question): SimulatedDecision {
  if (policies.some((policy) => policy.denies.some((one) => denies(one, question)))) {
    return 'explicitDeny'
  }
  const isAllowed = policies.some((policy) => policy.allows.some((one) => allows(one, question)))
  return isAllowed ? 'allowed' : 'implicitDeny'
}

function allowsAlone(policies: readonly CompiledPolicy[], question: Question): boolean {
  return decisionAlone(policies, question) === 'allowed'
}

function isAcrossAccounts({ requester, resource, resourceAccount }: AccessRequest): boolean {
  const account = 'account' in requester ? requester.account : undefined
  return resource !== '*' && resourceAccount !== undefined && account !== resourceAccount
}
