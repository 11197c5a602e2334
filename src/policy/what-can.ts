// Purpose:  may this be done, by which statements, and what takes away from what they grant?
// Spec:     IAM User Guide, "Policy evaluation logic"; the question is our own.
// Input:    one candidate with the policies that concern one resource, compiled.
// Deviates: nothing; the access is that of `accessFor`.
// Unknowns: keys that are free stay in the condition. Limits are told one by one: where only two together take it all, each is told.
import type { CompiledPolicy } from './compile.ts'
import { byStatement, type DecidingStatement, type PolicySet } from './evaluate.ts'
import { formulaText } from './formula.ts'
import { residualOf } from './residual.ts'
import { accessFor, type AccessQuestion, type Candidate, type CandidateAccess } from './who-can.ts'

/** A Deny, or the policy of a kind that allows nothing by itself and takes away what it does not allow. */
export type Limit =
  | { readonly kind: 'deny'; readonly by: DecidingStatement }
  | {
      readonly kind: 'boundary' | 'session' | 'scp' | 'rcp'
      /** `none`: there is none, and without one nothing is allowed. */
      readonly policy: string
      readonly version: string | undefined
    }

export interface Permission extends Pick<CandidateAccess, 'access'> {
  /** Of what is taken away as well: what would grant it without the limits. */
  readonly grantedBy: readonly DecidingStatement[]
  readonly limitedBy: readonly Limit[]
}

/** Access without a statement that grants it is never, and has no limits. */
export function permissionFor(candidate: Candidate, question: AccessQuestion): Permission {
  const { policies } = candidate
  const { access } = accessFor(candidate, question)
  const bare = withoutLimits(policies)
  const { when, grantedBy } = residual(candidate, question, bare)
  if (when.kind === 'false') return { access, grantedBy: [], limitedBy: [] }
  const takes = ({ from, to }: Step): boolean =>
    textOf(candidate, question, from) !== textOf(candidate, question, to)
  const limits = [...denialsIn(policies, bare), ...policiesThatLimit(policies, bare)]
  const limitedBy = limits.flatMap(({ limit, steps }) => (steps.some(takes) ? limit : []))
  return { access, grantedBy, limitedBy }
}

/** Policies without a limit, and the same with it. */
interface Step {
  readonly from: PolicySet
  readonly to: PolicySet
}

interface Limiting {
  readonly limit: readonly Limit[]
  /** It limits if one of them makes a difference. */
  readonly steps: readonly Step[]
}

function residual({ requester, context }: Candidate, question: AccessQuestion, set: PolicySet) {
  return residualOf({ ...question, requester, context }, set)
}

function textOf(candidate: Candidate, question: AccessQuestion, set: PolicySet): string {
  return formulaText(residual(candidate, question, set).when)
}

function withoutLimits({ identity, resource }: PolicySet): PolicySet {
  const limits = { boundary: undefined, session: undefined, scp: [], rcp: [] }
  return { identity: allowing(identity), resource: allowing(resource), ...limits }
}

function allowing(policies: readonly CompiledPolicy[]): readonly CompiledPolicy[] {
  return policies.map((policy) => ({ ...policy, denies: [] }))
}

function policiesThatLimit(all: PolicySet, from: PolicySet): readonly Limiting[] {
  const { boundary, session } = all
  const step = (
    kind: Exclude<Limit['kind'], 'deny'>,
    policies: readonly CompiledPolicy[],
    to: PolicySet,
  ): Limiting => ({
    limit:
      policies.length === 0
        ? [{ kind, policy: 'none', version: undefined }]
        : policies.map(({ name }) => ({ kind, policy: name.id, version: name.version })),
    steps: [{ from, to }],
  })
  return [
    ...listOf(boundary).map((one) => step('boundary', one, { ...from, boundary: allowing(one) })),
    ...listOf(session).map((one) => step('session', one, { ...from, session: allowing(one) })),
    ...all.scp.map((level) => step('scp', level, { ...from, scp: [allowing(level)] })),
    ...all.rcp.map((level) => step('rcp', level, { ...from, rcp: [allowing(level)] })),
  ]
}

function listOf<T>(value: T | undefined): readonly T[] {
  return value === undefined ? [] : [value]
}

/** Each Deny by itself: among the caller's own, where every Deny counts, or the resource's, which does not always bind root. */
function denialsIn(all: PolicySet, bare: PolicySet): readonly Limiting[] {
  const { identity, boundary = [], session = [], scp, rcp } = all
  // A boundary widens whom a Deny with NotPrincipal binds.
  const bases = all.boundary === undefined ? [bare] : [bare, { ...bare, boundary: all.boundary }]
  const own = [...identity, ...boundary, ...session, ...scp.flat(), ...rcp.flat()]
  return [
    ...denialsOf(own, (only) =>
      bases.map((from) => ({ from, to: { ...from, identity: [...from.identity, only] } })),
    ),
    ...denialsOf(all.resource, (only) =>
      bases.map((from) => ({ from, to: { ...from, resource: [...from.resource, only] } })),
    ),
  ]
}

function denialsOf(
  policies: readonly CompiledPolicy[],
  stepsWith: (only: CompiledPolicy) => readonly Step[],
): readonly Limiting[] {
  return policies.flatMap((policy) =>
    policy.denies.map((statement) => ({
      limit: [{ kind: 'deny', by: byStatement(statement) } as const],
      steps: stepsWith({ ...policy, allows: [], denies: [statement] }),
    })),
  )
}
