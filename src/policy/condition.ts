// Purpose:  does one test of a Condition block hold?
// Spec:     IAM User Guide, "IAM JSON policy elements: Condition", "Multivalued context keys", "IfExists", "Null".
// Input:    a test as parsed; values of the context, which may be hostile.
// Deviates: a key of several values without set prefix: an Allow does not hold, a Deny reads it as ForAnyValue.
// Unknowns: an operator this version does not know: an Allow does not hold, a Deny does.
import type { ContextValues } from './context-values.ts'
import type { ConditionTest } from './document.ts'
import type { Operator, ValueTest } from './operators/operator.ts'
import { readOperator, type OperatorReading } from './operators/table.ts'
import { tokenise, variablesOf } from './pattern.ts'

export interface ConditionLanguage {
  readonly effect: 'Allow' | 'Deny'
  /** False in documents of 2008-10-17. */
  readonly hasVariables: boolean
}

export interface CompiledCondition {
  readonly written: ConditionTest
  readonly language: ConditionLanguage
  /** In lower case. */
  readonly key: string
  /** The keys, in lower case, that variables of its values name. */
  readonly variables: readonly string[]
  readonly holds: (context: ContextValues) => boolean
}

export function compileCondition(
  test: ConditionTest,
  language: ConditionLanguage,
): CompiledCondition {
  const key = test.key.toLowerCase()
  const reading = readOperator(test.operator)
  return {
    written: test,
    language,
    key,
    variables: namedBy(test, reading, language),
    holds: compileTest(test.values, key, reading, language),
  }
}

function namedBy(
  test: ConditionTest,
  reading: OperatorReading | undefined,
  language: ConditionLanguage,
): readonly string[] {
  const operator = reading?.operator
  if (operator === undefined || operator === 'Null' || !language.hasVariables) return []
  const { hasVariables, hasWildcards } = operator.comparison
  if (!hasVariables) return []
  return test.values.flatMap((value) =>
    variablesOf(tokenise(value, { hasVariables, hasWildcards })),
  )
}

function compileTest(
  values: readonly string[],
  key: string,
  reading: OperatorReading | undefined,
  language: ConditionLanguage,
): CompiledCondition['holds'] {
  if (reading === undefined) return () => language.effect === 'Deny'
  if (reading.operator === 'Null') return compileNull(values, key)
  const { operator } = reading
  const member = compileMember(operator, values, language)
  const whenAbsent = holdsWhenAbsent(reading, operator)
  return (context) => {
    const value = context.get(key)
    if (value === undefined || value.length === 0) {
      // An empty text is a value; an empty list is none.
      return value === '' ? holdsForOne('', reading, member, context) : whenAbsent
    }
    if (typeof value === 'string') return holdsForOne(value, reading, member, context)
    return holdsForMany(value, reading, member, context, language)
  }
}

/** `true` asks for absence, `false` for presence; an empty list is absent. */
function compileNull(values: readonly string[], key: string): CompiledCondition['holds'] {
  const wanted = new Set(values.map((value) => value.toLowerCase()))
  return (context) => {
    const value = context.get(key)
    const isAbsent = value === undefined || (typeof value !== 'string' && value.length === 0)
    return wanted.has(String(isAbsent))
  }
}

/** A negated operator asks that none of the values compares. */
function compileMember(
  operator: Operator,
  values: readonly string[],
  language: ConditionLanguage,
): ValueTest {
  const some = operator.comparison.compile(values, language)
  return operator.isNegated ? (value, context) => !some(value, context) : some
}

function holdsWhenAbsent(reading: OperatorReading, operator: Operator): boolean {
  if (reading.isIfExists || reading.set === 'ForAllValues') return true
  return reading.set === 'ForAnyValue' ? false : operator.isNegated
}

/** A set of one, where the operator asks for a set. AWS counts an empty text as an empty set under ForAllValues. */
function holdsForOne(
  value: string,
  reading: OperatorReading,
  member: ValueTest,
  context: ContextValues,
): boolean {
  return (reading.set === 'ForAllValues' && value === '') || member(value, context)
}

function holdsForMany(
  values: readonly string[],
  reading: OperatorReading,
  member: ValueTest,
  context: ContextValues,
  language: ConditionLanguage,
): boolean {
  if (reading.set === 'ForAllValues') {
    return (values.length === 1 && values[0] === '') || values.every((one) => member(one, context))
  }
  const isAny = values.some((one) => member(one, context))
  return reading.set === 'ForAnyValue' ? isAny : language.effect === 'Deny' && isAny
}
