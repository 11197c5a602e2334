import { nearest } from '../../lib/nearest.ts'
import type { AccountId } from '../account-id.ts'
import { askFor, compileAction } from '../action-match.ts'
import { knownActions, type KnownAction } from '../actions.ts'
import { findContextKey, type ContextKey } from '../context-keys.ts'
import type { PatternElement, Place, PolicyKind, Statement } from '../document.ts'
import { readOperator, type OperatorReading } from '../operators/table.ts'
import type {
  WrittenCondition,
  WrittenPolicy,
  WrittenStatement,
} from '../reading/written-policy.ts'
import type { LintCode } from './lint-table.ts'

export type ReportFinding = (code: LintCode, message: string, at: Place) => void

/** A group of findings: one file each. */
export type LintRule = (policy: LintedPolicy, report: ReportFinding) => void

/** A policy that can be read, with what the rules ask of it again and again. */
export interface LintedPolicy {
  readonly kind: PolicyKind
  readonly written: WrittenPolicy
  readonly statements: readonly LintedStatement[]
  /** Whose the policy is, where that is known. */
  readonly account: AccountId | undefined
  /** Characters without white space. */
  readonly size: number
}

export interface LintedStatement {
  readonly written: WrittenStatement
  readonly read: Statement
  readonly isAllow: boolean
  /** Of the actions this registry knows, those that it covers. */
  readonly actions: readonly KnownAction[]
  readonly tests: readonly LintedTest[]
}

export interface LintedTest {
  readonly written: WrittenCondition
  readonly operator: OperatorReading | undefined
  /** Undefined for one that no request has, or of an identity provider. */
  readonly key: ContextKey | undefined
}

/** `, but …` where a known name is close to a mistyped one. */
export function hintAt(text: string, known: readonly { readonly name: string }[]): string {
  const names = known.map(({ name }) => name)
  const name = text.length > 80 ? undefined : nearest(text, names)
  return name === undefined ? '' : `, but ${name} is near`
}

/** A text with its variables left out, so that what is in them is not taken for its own. */
export function withoutVariables(text: string): string {
  const [first = '', ...others] = text.split('${')
  return first + others.map((part) => part.slice(part.indexOf('}') + 1)).join('')
}

/** The known actions that an element covers. */
export function actionsOf(element: PatternElement): readonly KnownAction[] {
  const covers = compileAction(element)
  return knownActions.filter(({ name }) => covers(askFor(name)))
}

/** What the rules ask of a statement. */
export function lintedStatement(written: WrittenStatement, read: Statement): LintedStatement {
  return {
    written,
    read,
    isAllow: read.effect === 'Allow',
    actions: actionsOf(read.action),
    tests: written.conditions.map((condition) => ({
      written: condition,
      operator: readOperator(condition.operator),
      key: findContextKey(condition.key),
    })),
  }
}

/** Whether a statement also asks that a key exists: `"Null": {"KEY": "false"}`. */
export function demandsKey({ tests }: LintedStatement, key: string): boolean {
  return tests.some(({ written, operator }) => {
    const isNull = operator?.operator === 'Null' && written.key.toLowerCase() === key.toLowerCase()
    return isNull && written.values.every(({ value }) => value.toLowerCase() === 'false')
  })
}
