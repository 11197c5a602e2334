import type { ContextValues } from '../context-values.ts'
import type { TokenRules } from '../pattern.ts'

/** Does a value of the context match one of a test's policy values? Variables without value match nothing. */
export type ValueTest = (value: string, context: ContextValues) => boolean

/** What a policy value of this operator must be, for those who check policies. */
export type OperandType = 'string' | 'arn' | 'bool' | 'binary' | 'date' | 'ip' | 'numeric'

/** A condition operator without set prefix and `IfExists`, in its positive sense. */
export interface Comparison {
  readonly operandType: OperandType
  readonly hasVariables: boolean
  readonly hasWildcards: boolean
  /** Prepares the values once; what is no operand of this type matches nothing. */
  compile(values: readonly string[], rules: { readonly hasVariables: boolean }): ValueTest
}

/** One member of the table: a negated operator is the complement of its comparison, value by value. */
export interface Operator {
  readonly name: string
  readonly isNegated: boolean
  readonly comparison: Comparison
}

/** A test that is true where one of several is. */
export function anyOf(tests: readonly ValueTest[]): ValueTest {
  const [only, ...others] = tests
  if (only !== undefined && others.length === 0) return only
  return (value, context) => tests.some((test) => test(value, context))
}

export function tokenRules(
  comparison: Pick<Comparison, 'hasVariables' | 'hasWildcards'>,
  language: { readonly hasVariables: boolean },
): TokenRules {
  return {
    hasVariables: comparison.hasVariables && language.hasVariables,
    hasWildcards: comparison.hasWildcards,
  }
}
