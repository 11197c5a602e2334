import { askFor, type AskedAction } from './action-match.ts'
import type { CompiledStatement } from './compile.ts'
import type { ContextValues } from './context-values.ts'
import { chainOf, type Chain, type Grant } from './principal-match.ts'
import type { Requester } from './requester.ts'

/** What statements are held against: a request whose action was looked up once. */
export interface Question {
  readonly action: AskedAction
  /** Who asks, level by level. */
  readonly chain: Chain
  readonly hasBoundary: boolean
  readonly resource: string
  readonly context: ContextValues
}

export function questionOf(
  request: {
    readonly requester: Requester
    readonly action: string
    readonly resource: string
    readonly context: ContextValues
  },
  hasBoundary: boolean,
): Question {
  const { requester, resource, context } = request
  const action = askFor(request.action)
  return { action, chain: chainOf(requester), hasBoundary, resource, context }
}

/** Cheapest first: action, principal, resource, conditions. */
export function denies(statement: CompiledStatement, question: Question): boolean {
  const { principal, conditions } = statement
  if (!statement.matchesAction(question.action)) return false
  if (principal !== undefined && !principal.binds(question.chain, question.hasBoundary)) {
    return false
  }
  return covers(statement, question) && conditions.every(({ holds }) => holds(question.context))
}

/**
 * Does the statement speak of the resource? Where that cannot be said, an Allow does not, and neither does a Deny with
 * Resource: it names nothing. A Deny with NotResource does, or a missing value would take it away.
 */
export function covers({ resource, written }: CompiledStatement, question: Question): boolean {
  if (resource === undefined) return true
  const isCovered = resource.matches(question.resource, question.context)
  return isCovered ?? (written.effect === 'Deny' && written.resource?.isNegated !== false)
}

/** How a statement of a policy with principals allows; undefined where it does not. */
export function grants(statement: CompiledStatement, question: Question): Grant | undefined {
  if (!statement.matchesAction(question.action)) return undefined
  const grant = statement.principal?.grantTo(question.chain)
  return grant !== undefined && coversRest(statement, question) ? grant : undefined
}

/** Whether a statement allows, in policies where it does not matter how a principal was named. */
export function allows(statement: CompiledStatement, question: Question): boolean {
  if (!statement.matchesAction(question.action)) return false
  const { principal } = statement
  if (principal !== undefined && principal.grantTo(question.chain) === undefined) return false
  return coversRest(statement, question)
}

function coversRest(statement: CompiledStatement, question: Question): boolean {
  return (
    covers(statement, question) &&
    statement.conditions.every(({ holds }) => holds(question.context))
  )
}
