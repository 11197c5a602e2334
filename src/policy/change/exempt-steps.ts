// Steps that spare one request from a Deny. A Deny is never taken away: whom else it stops is not known here.
import type { CompiledPolicy, CompiledStatement } from '../compile.ts'
import type { ConditionTest, Statement } from '../document.ts'
import type { AccessRequest, DecidingStatement, PolicySet } from '../evaluate.ts'
import { chainForms } from './caller-form.ts'
import { editStep, type Step } from './change.ts'
import { isNegated, listing, valuesFor } from './condition-values.ts'

interface Place {
  readonly policy: CompiledPolicy
  readonly level: number
}

/** What could keep the deciding Deny from this request: an exemption, a narrower Deny, or another request. */
export function exemptSteps(
  request: AccessRequest,
  policies: PolicySet,
  by: DecidingStatement,
): readonly Step[] {
  return placesOf(policies)
    .filter(({ policy }) => policy.name.type === by.type && policy.name.id === by.policy)
    .flatMap((place) =>
      place.policy.denies
        .filter(({ written }) => written.index === by.index)
        .flatMap((statement) => [
          ...exemptions(request, statement.written).map((written) =>
            edit(request, place, written, 'principal'),
          ),
          ...narrowed(request, statement.written).map(([part, written]) =>
            edit(request, place, written, part),
          ),
          ...otherRequests(request, place, statement),
        ]),
    )
}

function placesOf(policies: PolicySet): readonly Place[] {
  const { identity, resource, boundary = [], session = [], scp, rcp } = policies
  return [
    ...[...identity, ...resource, ...boundary, ...session].map((policy) => ({ policy, level: 0 })),
    ...[scp, rcp].flatMap((levels) =>
      levels.flatMap((list, level) => list.map((policy) => ({ policy, level }))),
    ),
  ]
}

function edit(request: AccessRequest, place: Place, written: Statement, part: string): Step {
  const { type } = place.policy.name
  const isResources = type === 'resource' || type === 'trust' || type === 'rcp'
  const own = 'account' in request.requester ? request.requester.account : undefined
  return editStep(place, written, { part, account: isResources ? request.resourceAccount : own })
}

const principalArn = 'aws:PrincipalArn'

/** The caller is named where others are spared already, else in a condition of its own. */
function exemptions(request: AccessRequest, written: Statement): readonly Statement[] {
  const arn = request.context.get(principalArn.toLowerCase())
  if (written.principal?.isNegated === true) {
    const members = [...written.principal.members, ...chainForms(request.requester)]
    return [{ ...written, principal: { isNegated: true, members } }]
  }
  if (typeof arn !== 'string') return []
  const listed = written.conditions.flatMap((test) => {
    const isExempting = test.key.toLowerCase() === principalArn.toLowerCase() && isNegated(test)
    const longer = isExempting ? listing(test, arn) : undefined
    return longer === undefined ? [] : [replace(written, test, longer)]
  })
  if (listed.length > 0) return listed
  const { at } = written
  const own = { operator: 'ArnNotEquals', key: principalArn, values: [arn], at }
  return [{ ...written, conditions: [...written.conditions, own] }]
}

function replace(written: Statement, test: ConditionTest, other: ConditionTest): Statement {
  return { ...written, conditions: written.conditions.map((one) => (one === test ? other : one)) }
}

/** The Deny without this action, or without this resource. */
function narrowed(
  { action, resource }: AccessRequest,
  written: Statement,
): readonly (readonly [part: string, written: Statement])[] {
  const actions = without(written.action, action)
  const resources =
    written.resource === undefined || resource === '*'
      ? undefined
      : (without(written.resource, resource) ?? exceptFor(written.resource, resource))
  return [
    ...(actions === undefined ? [] : [['action', { ...written, action: actions }] as const]),
    ...(resources === undefined
      ? []
      : [['resource', { ...written, resource: resources }] as const]),
  ]
}

/** Undefined where nothing would be left, or where a pattern names more than this. */
function without(element: Statement['action'], name: string): Statement['action'] | undefined {
  if (element.isNegated) return { ...element, patterns: [...element.patterns, name] }
  const patterns = element.patterns.filter((one) => one.toLowerCase() !== name.toLowerCase())
  const isLess = patterns.length < element.patterns.length && patterns.length > 0
  return isLess ? { ...element, patterns } : undefined
}

function exceptFor(
  element: Statement['action'],
  resource: string,
): Statement['action'] | undefined {
  const isAll = element.patterns.length === 1 && element.patterns[0] === '*'
  return isAll ? { isNegated: true, patterns: [resource] } : undefined
}

function otherRequests(
  { context }: AccessRequest,
  { policy }: Place,
  { written, conditions }: CompiledStatement,
): readonly Step[] {
  const { type, id } = policy.name
  const { index, sid } = written
  return conditions.flatMap((condition) =>
    valuesFor(condition, false, context)
      .slice(0, 1)
      .map((value) => {
        const { key } = condition.written
        return {
          change: { kind: 'meet-condition', type, policy: id, index, sid, key, value } as const,
          value: { key, value },
        }
      }),
  )
}
