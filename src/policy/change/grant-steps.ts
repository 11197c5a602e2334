// Steps that give a missing Allow: statements that nearly apply first, then the shortest new one.
import type { AccountId } from '../account-id.ts'
import {
  withStatement,
  type CompiledPolicy,
  type CompiledStatement,
  type PolicyType,
} from '../compile.ts'
import type { PrincipalElement, Statement } from '../document.ts'
import type { AccessRequest, PolicySet } from '../evaluate.ts'
import { explainStatement, type Failure } from '../explain.ts'
import { allows, questionOf, type Question } from '../statement-match.ts'
import { writeStatement } from '../write-statement.ts'
import { formOf } from './caller-form.ts'
import { editStep, newPolicy, type Step } from './change.ts'
import { isNegated, listing, unlisting, valuesFor } from './condition-values.ts'

interface Place {
  readonly policy: CompiledPolicy
  readonly level: number
}

/** What could give the Allow that is missing in policies of this type. */
export function grantSteps(
  request: AccessRequest,
  policies: PolicySet,
  type: PolicyType,
): readonly Step[] {
  const question = questionOf(request, policies.boundary !== undefined)
  const levels = listsOf(policies, type)
    .map((list, level) => ({ list, level }))
    .filter(({ list }) => !isRail(type) || !speaks(list, question))
  const places = levels.flatMap(({ list, level }) => list.map((policy) => ({ policy, level })))
  const near = places
    .filter(isOurs)
    .flatMap((place) =>
      place.policy.allows.flatMap((statement) => nearSteps(request, question, place, statement)),
    )
  return [...near, ...addSteps(request, levels, type)]
}

function isRail(type: PolicyType): boolean {
  return type === 'scp' || type === 'rcp'
}

/** A level that allows already needs no other Allow. */
function speaks(list: readonly CompiledPolicy[], question: Question): boolean {
  return list.some((policy) => policy.allows.some((statement) => allows(statement, question)))
}

/** AWS's managed policies are nobody's to change. */
function isOurs({ policy }: Place): boolean {
  return !policy.name.id.startsWith('arn:aws:iam::aws:')
}

/** The lists of which each needs an Allow of its own: the levels of guard rails, and else one. */
function listsOf(policies: PolicySet, type: PolicyType): PolicySet['scp'] {
  switch (type) {
    case 'identity':
      return [policies.identity]
    case 'resource':
    case 'trust':
      return [policies.resource]
    case 'boundary':
      return [policies.boundary ?? []]
    case 'session':
      return [policies.session ?? []]
    case 'scp':
      return policies.scp
    case 'rcp':
      return policies.rcp
  }
}

function ownerOf(request: AccessRequest, type: PolicyType): AccountId | undefined {
  const isResources = type === 'resource' || type === 'trust' || type === 'rcp'
  if (isResources) return request.resourceAccount
  return 'account' in request.requester ? request.requester.account : undefined
}

/** A statement that fails on one part alone is worth a change. */
function nearSteps(
  request: AccessRequest,
  question: Question,
  place: Place,
  statement: CompiledStatement,
): readonly Step[] {
  const [failure, ...others] = explainStatement(statement, question).failures
  if (failure === undefined || others.length > 0) return []
  const account = ownerOf(request, place.policy.name.type)
  const edited = repaired(statement.written, failure, request)
  const edits = edited.map((written) =>
    editStep(place, written, { part: partOf(failure), account }),
  )
  return [...edits, ...meetingSteps(request, place, statement, failure)]
}

function partOf(failure: Failure): string {
  return failure.part === 'condition' ? failure.key : failure.part
}

function repaired(
  written: Statement,
  failure: Failure,
  request: AccessRequest,
): readonly Statement[] {
  switch (failure.part) {
    case 'action':
      if (failure.isNegated) return []
      return [{ ...written, action: withPattern(written.action, request.action) }]
    case 'resource':
      // Only a bare star covers a request without a resource, and that covers everything else as well.
      if (failure.isNegated || request.resource === '*' || written.resource === undefined) return []
      return [{ ...written, resource: withPattern(written.resource, request.resource) }]
    case 'principal':
      if (written.principal === undefined || failure.isNegated) return []
      return [{ ...written, principal: withMember(written.principal, request) }]
    case 'condition':
      return repairedConditions(written, failure)
  }
}

function withPattern(element: Statement['action'], pattern: string): Statement['action'] {
  return { ...element, patterns: [...element.patterns, pattern] }
}

function withMember(element: PrincipalElement, { requester }: AccessRequest): PrincipalElement {
  return { ...element, members: [...element.members, formOf(requester)] }
}

function repairedConditions(
  written: Statement,
  failure: Failure & { readonly part: 'condition' },
): readonly Statement[] {
  const { had, operator, key } = failure
  if (typeof had !== 'string') return []
  const conditions = written.conditions.map((test) => {
    if (test.operator !== operator || test.key !== key) return test
    return isNegated(test) ? unlisting(test, had) : listing(test, had)
  })
  const changed = conditions.filter((test) => test !== undefined)
  return changed.length < conditions.length ? [] : [{ ...written, conditions: changed }]
}

/** Another value of the key, where the request could have one. */
function meetingSteps(
  request: AccessRequest,
  { policy }: Place,
  statement: CompiledStatement,
  failure: Failure,
): readonly Step[] {
  if (failure.part !== 'condition') return []
  const { index, sid } = statement.written
  const { type, id } = policy.name
  return statement.conditions
    .filter(({ written }) => written.operator === failure.operator && written.key === failure.key)
    .flatMap((condition) => valuesFor(condition, true, request.context).slice(0, 1))
    .map((value) => ({
      change: { kind: 'meet-condition', type, policy: id, index, sid, key: failure.key, value },
      value: { key: failure.key, value },
    }))
}

/** The shortest statement that allows this and nothing else. */
function addSteps(
  request: AccessRequest,
  levels: readonly { readonly list: readonly CompiledPolicy[]; readonly level: number }[],
  type: PolicyType,
): readonly Step[] {
  const account = ownerOf(request, type)
  return levels.map(({ list, level }) => {
    // What is attached to somebody is often attached to others too; a policy of their own opens nothing else.
    const host = type === 'identity' ? undefined : list.find((policy) => isOurs({ policy, level }))
    const index = Math.max(-1, ...(host?.document.statements.map((one) => one.index) ?? [])) + 1
    const statement = allowing(request, type, index)
    const after = host === undefined ? newPolicy(type, statement) : withStatement(host, statement)
    return {
      change: {
        kind: 'add-statement',
        type,
        policy: host?.name.id,
        level,
        account,
        statement: writeStatement(statement),
      },
      replacement: { type, level, before: host, after },
    }
  })
}

function allowing(request: AccessRequest, type: PolicyType, index: number): Statement {
  const isAttached = type === 'resource' || type === 'trust'
  return {
    index,
    sid: undefined,
    effect: 'Allow',
    principal: principalFor(request, type),
    action: { isNegated: false, patterns: [request.action] },
    // A repository's policy and a role's speak of what they are attached to.
    resource: isAttached ? undefined : { isNegated: false, patterns: [request.resource] },
    conditions: [],
    at: { pointer: '', line: 1, column: 1 },
  }
}

function principalFor(
  { requester }: AccessRequest,
  type: PolicyType,
): PrincipalElement | undefined {
  if (type === 'rcp') return { isNegated: false, members: [{ kind: 'everyone' }] }
  if (type !== 'resource' && type !== 'trust') return undefined
  return { isNegated: false, members: [formOf(requester)] }
}
