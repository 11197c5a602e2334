import type { CompiledCondition } from '../condition.ts'
import type { ContextValues } from '../context-values.ts'
import type { ConditionTest } from '../document.ts'
import { readOperator } from '../operators/table.ts'
import { overlaid } from './change.ts'

/** Who somebody is does not change with the request. */
const fixedKeys = new Set([
  'aws:principalarn',
  'aws:principalaccount',
  'aws:principaltype',
  'aws:userid',
  'aws:username',
])

/** Values of the tested key with which the condition comes to `wanted`; few, and each tried. */
export function valuesFor(
  condition: CompiledCondition,
  wanted: boolean,
  context: ContextValues,
): readonly string[] {
  const { key, written, holds } = condition
  if (fixedKeys.has(key)) return []
  const tried = new Set(['true', 'false', ...written.values.flatMap(examplesOf)])
  return [...tried].filter((value) => holds(overlaid(context, { key, value })) === wanted)
}

/** A text that a pattern matches, the address of a network, or the value itself. */
function examplesOf(value: string): readonly string[] {
  const address = /^([0-9a-fA-F.:]+)\/[0-9]+$/.exec(value)?.[1]
  if (address !== undefined) return [address]
  return value.includes('${') ? [] : [value.replaceAll('*', '').replaceAll('?', 'x')]
}

/**
 * The test, changed so that the value counts as listed: added to a positive operator's values, so that an Allow covers it;
 * or to a negated one's, so that a Deny spares it. Undefined where a value cannot be listed as it is.
 */
export function listing(test: ConditionTest, value: string): ConditionTest | undefined {
  const operator = readOperator(test.operator)?.operator
  if (operator === undefined || operator === 'Null') return undefined
  const { hasWildcards, hasVariables } = operator.comparison
  const isSpecial = (hasWildcards && /[*?]/.test(value)) || (hasVariables && value.includes('${'))
  if (isSpecial || test.values.includes(value)) return undefined
  return { ...test, values: [...test.values, value] }
}

/** The test without the value among those that a negated operator refuses; undefined where it is not there, or alone. */
export function unlisting(test: ConditionTest, value: string): ConditionTest | undefined {
  const values = test.values.filter((one) => one !== value)
  return values.length === test.values.length || values.length === 0
    ? undefined
    : { ...test, values }
}

export function isNegated(test: ConditionTest): boolean {
  const operator = readOperator(test.operator)?.operator
  return operator !== undefined && operator !== 'Null' && operator.isNegated
}
