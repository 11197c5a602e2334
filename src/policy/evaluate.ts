// Purpose:  may this requester do this to this resource, given every policy that concerns them?
// Spec:     IAM User Guide, "Policy evaluation logic", "Cross-account policy evaluation logic", "Root user".
// Input:    a request with its context, and the policies gathered from one snapshot, compiled.
// Deviates: root may always set and delete a repository policy of its account; a grant to a session is not limited by its policy.
// Unknowns: a fault within → implicit deny with the fault, for whoever runs the registry; never an allow.
import type { AccountId } from './account-id.ts'
import type { CompiledPolicy, CompiledStatement, PolicyType } from './compile.ts'
import type { ContextValues } from './context-values.ts'
import type { Grant } from './principal-match.ts'
import type { Requester } from './requester.ts'
import { situationOf, type Situation } from './situation.ts'
import { allows, denies, grants, questionOf, type Question } from './statement-match.ts'

export interface AccessRequest {
  readonly requester: Requester
  readonly action: string
  /** An ARN, or `*` for an action without a resource. */
  readonly resource: string
  /** Who owns the resource; undefined with an ARN means that nobody knows, which is never the requester. */
  readonly resourceAccount: AccountId | undefined
  readonly context: ContextValues
}

export interface PolicySet {
  readonly identity: readonly CompiledPolicy[]
  /** Repository and registry policy, or the role's trust policy. */
  readonly resource: readonly CompiledPolicy[]
  /** Undefined: has none. */
  readonly boundary: readonly CompiledPolicy[] | undefined
  /** Undefined: no session, or one without policies. */
  readonly session: readonly CompiledPolicy[] | undefined
  /** A list for each level; no level: not bound by any. */
  readonly scp: readonly (readonly CompiledPolicy[])[]
  readonly rcp: readonly (readonly CompiledPolicy[])[]
}

export interface DecidingStatement {
  readonly type: PolicyType
  /** Rules that are no policy are called `root` and `builtin`. */
  readonly policy: string
  readonly version: string | undefined
  readonly index: number
  readonly sid: string | undefined
}

export type Decision =
  /** By an allowing statement of each policy type that was needed. */
  | { readonly kind: 'allow'; readonly decidedBy: readonly DecidingStatement[] }
  | { readonly kind: 'explicit-deny'; readonly decidedBy: readonly DecidingStatement[] }
  /** `missing`: the types where an Allow would have counted and none is. With a fault inside, nothing is known. */
  | {
      readonly kind: 'implicit-deny'
      readonly missing: readonly PolicyType[]
      readonly fault?: unknown
    }

/** Never throws: a fault is a deny that carries it. */
export function evaluate(request: AccessRequest, policies: PolicySet): Decision {
  try {
    return decide(request, policies)
  } catch (fault) {
    return { kind: 'implicit-deny', missing: [], fault }
  }
}

function decide(request: AccessRequest, policies: PolicySet): Decision {
  const situation = situationOf(request)
  const { isMember, unconditional } = situation
  if (unconditional !== undefined) {
    return { kind: 'allow', decidedBy: [byRule('builtin', unconditional)] }
  }
  const question = questionOf(request, policies.boundary !== undefined)
  const denial = findDenial(question, policies, situation)
  if (denial !== undefined) return { kind: 'explicit-deny', decidedBy: [byStatement(denial)] }
  return conclude([
    ...requirements(question, policies, situation),
    ...guardRails('scp', isMember ? policies.scp : [], question),
    ...guardRails('rcp', policies.rcp, question),
  ])
}

/** The first in the order in which AWS names one: guard rails, resource, identity, boundary, session. */
function findDenial(
  question: Question,
  policies: PolicySet,
  { isMember, isResourceBound }: Situation,
): CompiledStatement | undefined {
  for (const level of isMember ? policies.scp : []) {
    const denial = firstDenial(level, question)
    if (denial !== undefined) return denial
  }
  for (const level of policies.rcp) {
    const denial = firstDenial(level, question)
    if (denial !== undefined) return denial
  }
  return (
    (isResourceBound ? firstDenial(policies.resource, question) : undefined) ??
    firstDenial(policies.identity, question) ??
    firstDenial(policies.boundary ?? [], question) ??
    firstDenial(policies.session ?? [], question)
  )
}

function firstDenial(
  policies: readonly CompiledPolicy[],
  question: Question,
): CompiledStatement | undefined {
  for (const policy of policies) {
    for (const statement of policy.denies) if (denies(statement, question)) return statement
  }
  return undefined
}

/** An Allow that a decision needs, and the statement that gives it. */
interface Requirement {
  readonly type: PolicyType
  readonly by: DecidingStatement | undefined
}

function conclude(required: readonly Requirement[]): Decision {
  const missing = required.filter(({ by }) => by === undefined).map(({ type }) => type)
  if (missing.length > 0) return { kind: 'implicit-deny', missing: [...new Set(missing)] }
  return { kind: 'allow', decidedBy: required.map(({ by }) => by).filter((by) => by !== undefined) }
}

function requirements(
  question: Question,
  policies: PolicySet,
  situation: Situation,
): readonly Requirement[] {
  const best = strongestGrant(policies.resource, question)
  const resource: Requirement = {
    type: situation.isTrust ? 'trust' : 'resource',
    by: best === undefined ? undefined : byStatement(best.statement),
  }
  // Only where one side is enough does a resource's policy lift limits; elsewhere it is one half of the answer.
  const grant = situation.needsBothSides ? undefined : best?.grant
  if (!situation.isMember || grant === 'direct') return [resource]
  const limits = [
    ...limit('boundary', policies.boundary, question),
    ...limit('session', policies.session, question),
  ]
  if (grant === 'limited') return [resource, ...limits]
  const identity = identityRequirement(question, policies, situation)
  const isResourceNeeded = needsResource(situation, grant, identity)
  return isResourceNeeded ? [identity, resource, ...limits] : [identity, ...limits]
}

/** Within the account its own policies are enough, but a role is entered only where its trust policy says so. */
function needsResource(
  { needsBothSides, isTrust }: Situation,
  grant: Grant | undefined,
  identity: Requirement,
): boolean {
  if (needsBothSides || isTrust) return true
  return identity.by === undefined && grant === undefined
}

function identityRequirement(
  question: Question,
  policies: PolicySet,
  { isRoot }: Situation,
): Requirement {
  if (isRoot) return { type: 'identity', by: byRule('root', 'implicit') }
  return { type: 'identity', by: firstAllow(policies.identity, question) }
}

function limit(
  type: 'boundary' | 'session',
  policies: readonly CompiledPolicy[] | undefined,
  question: Question,
): readonly Requirement[] {
  return policies === undefined ? [] : [{ type, by: firstAllow(policies, question) }]
}

/** Each level needs an Allow of its own. */
function guardRails(
  type: 'scp' | 'rcp',
  levels: PolicySet['scp'],
  question: Question,
): readonly Requirement[] {
  return levels.map((level) => ({ type, by: firstAllow(level, question) }))
}

function firstAllow(
  policies: readonly CompiledPolicy[],
  question: Question,
): DecidingStatement | undefined {
  for (const policy of policies) {
    for (const statement of policy.allows) {
      if (allows(statement, question)) return byStatement(statement)
    }
  }
  return undefined
}

const strength: Readonly<Record<Grant, number>> = { account: 1, limited: 2, direct: 3 }

function strongestGrant(
  policies: readonly CompiledPolicy[],
  question: Question,
): { readonly grant: Grant; readonly statement: CompiledStatement } | undefined {
  let best: { readonly grant: Grant; readonly statement: CompiledStatement } | undefined
  for (const policy of policies) {
    for (const statement of policy.allows) {
      const grant = grants(statement, question)
      if (grant === undefined) continue
      if (grant === 'direct') return { grant, statement }
      if (best === undefined || strength[grant] > strength[best.grant]) best = { grant, statement }
    }
  }
  return best
}

export function byStatement({ policy, written }: CompiledStatement): DecidingStatement {
  return {
    type: policy.type,
    policy: policy.id,
    version: policy.version,
    index: written.index,
    sid: written.sid,
  }
}

/** A rule of the engine that is in no policy. */
export function byRule(policy: 'root' | 'builtin', sid: string): DecidingStatement {
  return { type: 'identity', policy, version: undefined, index: 0, sid }
}
