// Purpose:  decide as far as the known keys of a context allow, and say what the rest depends on.
// Spec:     IAM User Guide, "Policy evaluation logic", read with three values: true, false, and a test of keys not known.
// Input:    a request whose context says of each key whether it is known, and the policies that concern it, compiled.
// Deviates: nothing; for every context that agrees with what is known, the formula holds where `evaluate` allows.
// Unknowns: a key that is free stays in the formula; it is never taken for absent.
import type { AccountId } from './account-id.ts'
import type { CompiledPolicy, CompiledStatement } from './compile.ts'
import type { CompiledCondition } from './condition.ts'
import type { ContextValues } from './context-values.ts'
import { byRule, byStatement, type DecidingStatement, type PolicySet } from './evaluate.ts'
import { all, always, any, constant, never, not, testOf, type Formula } from './formula.ts'
import type { Grant } from './principal-match.ts'
import type { Requester } from './requester.ts'
import { situationOf, type Situation } from './situation.ts'
import { covers, questionOf, type Question } from './statement-match.ts'

/** Of a free key nothing is known, not even whether there is one; `get` is not asked for it. */
export interface PartialContext extends ContextValues {
  isFree(lowerCaseKey: string): boolean
}

export interface PartialRequest {
  readonly requester: Requester
  readonly action: string
  readonly resource: string
  readonly resourceAccount: AccountId | undefined
  readonly context: PartialContext
}

export interface Residual {
  /** When the request is allowed. */
  readonly when: Formula
  /** Allows that the answer may rest on, and Denies that may take it away. */
  readonly grantedBy: readonly DecidingStatement[]
  readonly deniedBy: readonly DecidingStatement[]
}

/** Never throws: a fault is a residual that never holds. */
export function residualOf(request: PartialRequest, policies: PolicySet): Residual {
  try {
    return decidePartly(request, policies)
  } catch {
    return { when: never, grantedBy: [], deniedBy: [] }
  }
}

interface PartialQuestion extends Question {
  readonly context: PartialContext
}

/** A statement with the formula of when it applies; those that never do are left out. */
interface Applying {
  readonly statement: CompiledStatement
  readonly when: Formula
}

function decidePartly(request: PartialRequest, policies: PolicySet): Residual {
  const situation = situationOf(request)
  if (situation.unconditional !== undefined) {
    const grantedBy = [byRule('builtin', situation.unconditional)]
    return { when: always, grantedBy, deniedBy: [] }
  }
  const { context } = request
  const question = { ...questionOf(request, policies.boundary !== undefined), context }
  const denials = boundPolicies(policies, situation).flatMap((policy) =>
    applying(policy.denies, question),
  )
  const grants = policies.resource.flatMap((policy) => applying(policy.allows, question))
  const own = policies.identity.flatMap((policy) => applying(policy.allows, question))
  const rails = [...(situation.isMember ? policies.scp : []), ...policies.rcp]
  const when = all([
    not(someOf(denials)),
    grantFormula(question, policies, situation, { grants, own }),
    ...rails.map((level) => allowFormula(level, question)),
  ])
  if (when.kind === 'false') return { when, grantedBy: [], deniedBy: [] }
  const granting = [...(situation.isMember ? own : []), ...grants].map(({ statement }) =>
    byStatement(statement),
  )
  return {
    when,
    grantedBy: situation.isRoot ? [byRule('root', 'implicit'), ...granting] : granting,
    deniedBy: denials.map(({ statement }) => byStatement(statement)),
  }
}

/** Those whose Denies count. */
function boundPolicies(policies: PolicySet, situation: Situation): readonly CompiledPolicy[] {
  return [
    ...(situation.isMember ? policies.scp.flat() : []),
    ...policies.rcp.flat(),
    ...(situation.isResourceBound ? policies.resource : []),
    ...policies.identity,
    ...(policies.boundary ?? []),
    ...(policies.session ?? []),
  ]
}

/** The table of AWS's evaluation logic as one formula; `evaluate` walks the same table. */
function grantFormula(
  question: PartialQuestion,
  policies: PolicySet,
  situation: Situation,
  { grants, own }: { readonly grants: readonly Applying[]; readonly own: readonly Applying[] },
): Formula {
  if (!situation.isMember) return someOf(grants)
  const limits = [policies.boundary, policies.session].map((limiting) =>
    limiting === undefined ? always : allowFormula(limiting, question),
  )
  const identity = situation.isRoot ? always : someOf(own)
  if (situation.needsBothSides) return all([someOf(grants), identity, ...limits])
  const named = (grant: Grant): Formula =>
    someOf(grants.filter(({ statement }) => statement.principal?.grantTo(question.chain) === grant))
  const within = situation.isTrust ? all([named('account'), identity]) : identity
  return any([named('direct'), all([any([named('limited'), within]), ...limits])])
}

function allowFormula(policies: readonly CompiledPolicy[], question: PartialQuestion): Formula {
  return someOf(policies.flatMap((policy) => applying(policy.allows, question)))
}

function someOf(statements: readonly Applying[]): Formula {
  return any(statements.map(({ when }) => when))
}

function applying(
  statements: readonly CompiledStatement[],
  question: PartialQuestion,
): readonly Applying[] {
  return statements
    .map((statement) => ({ statement, when: applies(statement, question) }))
    .filter(({ when }) => when.kind !== 'false')
}

function applies(statement: CompiledStatement, question: PartialQuestion): Formula {
  if (!statement.matchesAction(question.action)) return never
  if (!names(statement, question)) return never
  return all([
    resourceFormula(statement, question),
    ...statement.conditions.map((condition) => conditionFormula(condition, question.context)),
  ])
}

function names({ principal, written }: CompiledStatement, question: PartialQuestion): boolean {
  if (principal === undefined) return true
  return written.effect === 'Deny'
    ? principal.binds(question.chain, question.hasBoundary)
    : principal.grantTo(question.chain) !== undefined
}

function resourceFormula(statement: CompiledStatement, question: PartialQuestion): Formula {
  const isFree = statement.resource?.variables.some((key) => question.context.isFree(key)) ?? false
  if (!isFree) return constant(covers(statement, question))
  const { isNegated = false, patterns = [] } = statement.written.resource ?? {}
  return testOf({
    text: `${question.resource} is ${isNegated ? 'not ' : ''}one of ${patterns.join(', ')}`,
    holds: (context) => covers(statement, { ...question, context }),
  })
}

function conditionFormula(condition: CompiledCondition, context: PartialContext): Formula {
  const isFree = [condition.key, ...condition.variables].some((key) => context.isFree(key))
  if (!isFree) return constant(condition.holds(context))
  return testOf({ text: conditionText(condition), holds: condition.holds })
}

/** `aws:SourceIp IpAddress "10.0.0.0/8"`, values quoted as they are in the policy. */
function conditionText({ written, language }: CompiledCondition): string {
  const values = written.values.map((value) => JSON.stringify(value)).join(', ')
  const isLiteral = !language.hasVariables && values.includes('${')
  return `${written.key} ${written.operator} ${values}${isLiteral ? ' as it stands' : ''}`
}
