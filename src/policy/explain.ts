// Purpose:  every statement of every policy with what it came to, so that a decision can be followed.
// Spec:     IAM User Guide, "Policy evaluation logic"; the shape is our own.
// Input:    a request and its policies, as for a decision.
// Deviates: nothing; the decision is the one that `evaluate` gives.
// Unknowns: an absent value is undefined; after a fault nothing is known, and nothing is shown.
import type { CompiledPolicy, CompiledStatement, PolicyType } from './compile.ts'
import type { CompiledCondition } from './condition.ts'
import type { ContextValues } from './context-values.ts'
import type { Place } from './document.ts'
import { evaluate, type AccessRequest, type Decision, type PolicySet } from './evaluate.ts'
import { principalText, type Chain } from './principal-match.ts'
import { covers, questionOf, type Question } from './statement-match.ts'

export interface Explanation {
  readonly decision: Decision
  readonly policies: readonly ExplainedPolicy[]
  /** Keys that statements about this action read, in lower case, and those of them that the request does not have. */
  readonly contextUsed: readonly string[]
  readonly contextAbsent: readonly string[]
}

export interface ExplainedPolicy {
  readonly type: PolicyType
  readonly id: string
  readonly version: string | undefined
  /** Of guard rails: which level, from 0. */
  readonly level: number | undefined
  /** False for service control policies and a requester of no account: they are shown, and do not count. */
  readonly isBinding: boolean
  readonly statements: readonly ExplainedStatement[]
}

export interface ExplainedStatement {
  readonly index: number
  readonly sid: string | undefined
  readonly effect: 'Allow' | 'Deny'
  readonly at: Place
  /** In the order of the checks; none: the statement applies. */
  readonly failures: readonly Failure[]
}

/** A part of a statement that the request does not meet. */
export type Failure =
  | {
      readonly part: 'action' | 'resource'
      readonly isNegated: boolean
      readonly wanted: readonly string[]
      readonly had: string
      /** A variable without value, or a pattern that is no ARN: what is wanted cannot be said. */
      readonly isUnresolved: boolean
    }
  | {
      readonly part: 'principal'
      readonly isNegated: boolean
      readonly wanted: readonly string[]
      readonly had: string
    }
  | {
      readonly part: 'condition'
      readonly operator: string
      readonly key: string
      readonly wanted: readonly string[]
      /** Of the key itself; undefined: absent. */
      readonly had: string | readonly string[] | undefined
      /** Values of the variables that `wanted` names, by key in lower case. */
      readonly variables: Readonly<Record<string, string | readonly string[] | undefined>>
    }

/** Never throws: after a fault there is the decision that carries it, and nothing to show. */
export function explain(request: AccessRequest, policies: PolicySet): Explanation {
  const decision = evaluate(request, policies)
  try {
    return { decision, ...explainAll(request, policies) }
  } catch {
    // A source of context that fails for a statement the decision did not need: the decision stands by itself.
    return { decision, policies: [], contextUsed: [], contextAbsent: [] }
  }
}

function explainAll(request: AccessRequest, policies: PolicySet): Omit<Explanation, 'decision'> {
  const question = questionOf(request, policies.boundary !== undefined)
  const isMember = 'account' in request.requester
  const explained = placesOf(policies).map(({ policy, level }) => ({
    type: policy.name.type,
    id: policy.name.id,
    version: policy.name.version,
    level,
    isBinding: policy.name.type !== 'scp' || isMember,
    statements: policy.statements.map((statement) => explainStatement(statement, question)),
  }))
  const used = keysUsed(policies, question)
  return {
    policies: explained,
    contextUsed: used,
    contextAbsent: used.filter((key) => request.context.get(key) === undefined),
  }
}

interface PlacedPolicy {
  readonly policy: CompiledPolicy
  readonly level: number | undefined
}

function placesOf(policies: PolicySet): readonly PlacedPolicy[] {
  const { identity, resource, boundary = [], session = [], scp, rcp } = policies
  const flat = [...identity, ...resource, ...boundary, ...session]
  return [
    ...flat.map((policy) => ({ policy, level: undefined })),
    ...[scp, rcp].flatMap((levels) =>
      levels.flatMap((level, index) => level.map((policy) => ({ policy, level: index }))),
    ),
  ]
}

/** All that a request does not meet in a statement; none where the statement applies. */
export function explainStatement(
  statement: CompiledStatement,
  question: Question,
): ExplainedStatement {
  const { written } = statement
  return {
    index: written.index,
    sid: written.sid,
    effect: written.effect,
    at: written.at,
    failures: [
      ...actionFailure(statement, question),
      ...principalFailure(statement, question),
      ...resourceFailure(statement, question),
      ...statement.conditions
        .filter(({ holds }) => !holds(question.context))
        .map((condition) => conditionFailure(condition, question.context)),
    ],
  }
}

function actionFailure(
  { matchesAction, written }: CompiledStatement,
  question: Question,
): readonly Failure[] {
  if (matchesAction(question.action)) return []
  const { isNegated, patterns } = written.action
  const had = question.action.written
  return [{ part: 'action', isNegated, wanted: patterns, had, isUnresolved: false }]
}

function principalFailure(
  { principal, written }: CompiledStatement,
  { chain, hasBoundary }: Question,
): readonly Failure[] {
  const isNamed =
    principal === undefined ||
    (written.effect === 'Deny'
      ? principal.binds(chain, hasBoundary)
      : principal.grantTo(chain) !== undefined)
  if (isNamed) return []
  return [
    {
      part: 'principal',
      isNegated: written.principal?.isNegated ?? false,
      wanted: written.principal?.members.map(principalText) ?? [],
      had: chainText(chain),
    },
  ]
}

function resourceFailure(statement: CompiledStatement, question: Question): readonly Failure[] {
  const { resource, written } = statement
  if (resource === undefined || covers(statement, question)) return []
  const { isNegated, patterns: wanted } = written.resource ?? { isNegated: false, patterns: [] }
  const isUnresolved = resource.matches(question.resource, question.context) === undefined
  return [{ part: 'resource', isNegated, wanted, had: question.resource, isUnresolved }]
}

function conditionFailure(
  { written, key, variables }: CompiledCondition,
  context: ContextValues,
): Failure {
  return {
    part: 'condition',
    operator: written.operator,
    key: written.key,
    wanted: written.values,
    had: context.get(key),
    variables: Object.fromEntries(variables.map((name) => [name, context.get(name)])),
  }
}

/** As messages name who asks. */
function chainText({ account, entity, bearer }: Chain): string {
  const root = account === undefined ? 'anonymous' : `arn:aws:iam::${account}:root`
  return bearer ?? entity?.arn ?? root
}

function keysUsed(policies: PolicySet, question: Question): readonly string[] {
  const statements = placesOf(policies)
    .flatMap(({ policy }) => policy.statements)
    .filter(({ matchesAction }) => matchesAction(question.action))
  const keys = statements.flatMap(({ resource, conditions }) => [
    ...(resource?.variables ?? []),
    ...conditions.flatMap(({ key, variables }) => [key, ...variables]),
  ])
  return [...new Set(keys)].toSorted()
}
