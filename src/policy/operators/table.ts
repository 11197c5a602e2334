// Purpose:  the condition operators by name, with their set prefixes and their suffix.
// Spec:     IAM User Guide, "IAM JSON policy elements: Condition operators"; names are read with regard to case.
// Input:    an operator as a policy writes it.
// Deviates: nothing. `Null` takes a set prefix as AWS takes it, which changes nothing, and no `IfExists`.
// Unknowns: another name → undefined.
import { arnLike } from './arn.ts'
import { binaryEquals } from './binary.ts'
import { bool } from './bool.ts'
import {
  dateEquals,
  dateGreaterThan,
  dateGreaterThanEquals,
  dateLessThan,
  dateLessThanEquals,
} from './date.ts'
import { ipAddress } from './ip-address.ts'
import {
  numericEquals,
  numericGreaterThan,
  numericGreaterThanEquals,
  numericLessThan,
  numericLessThanEquals,
} from './numeric.ts'
import type { Comparison, Operator } from './operator.ts'
import { stringEquals, stringEqualsIgnoreCase, stringLike } from './string.ts'

const comparisons: readonly (readonly [name: string, comparison: Comparison, negated?: string])[] =
  [
    ['StringEquals', stringEquals, 'StringNotEquals'],
    ['StringEqualsIgnoreCase', stringEqualsIgnoreCase, 'StringNotEqualsIgnoreCase'],
    ['StringLike', stringLike, 'StringNotLike'],
    ['NumericEquals', numericEquals, 'NumericNotEquals'],
    ['NumericLessThan', numericLessThan],
    ['NumericLessThanEquals', numericLessThanEquals],
    ['NumericGreaterThan', numericGreaterThan],
    ['NumericGreaterThanEquals', numericGreaterThanEquals],
    ['DateEquals', dateEquals, 'DateNotEquals'],
    ['DateLessThan', dateLessThan],
    ['DateLessThanEquals', dateLessThanEquals],
    ['DateGreaterThan', dateGreaterThan],
    ['DateGreaterThanEquals', dateGreaterThanEquals],
    ['Bool', bool],
    ['BinaryEquals', binaryEquals],
    ['IpAddress', ipAddress, 'NotIpAddress'],
    ['ArnEquals', arnLike, 'ArnNotEquals'],
    ['ArnLike', arnLike, 'ArnNotLike'],
  ]

/** All but `Null`, which compares no values. */
export const operators: ReadonlyMap<string, Operator> = new Map(
  comparisons.flatMap(([name, comparison, negated]) => {
    const positive: Operator = { name, isNegated: false, comparison }
    if (negated === undefined) return [[name, positive]]
    return [
      [name, positive],
      [negated, { name: negated, isNegated: true, comparison }],
    ]
  }),
)

export interface OperatorReading {
  readonly set: 'ForAllValues' | 'ForAnyValue' | undefined
  readonly isIfExists: boolean
  /** `Null` asks for presence, every other compares values. */
  readonly operator: Operator | 'Null'
}

const setPrefixes = ['ForAllValues', 'ForAnyValue'] as const
const suffix = 'IfExists'

/** Takes an operator's name apart; undefined for one that the language does not have. */
export function readOperator(text: string): OperatorReading | undefined {
  const set = setPrefixes.find((prefix) => text.startsWith(`${prefix}:`))
  const rest = set === undefined ? text : text.slice(set.length + 1)
  if (rest === 'Null') return { set, isIfExists: false, operator: 'Null' }
  const isIfExists = rest.endsWith(suffix)
  const operator = operators.get(isIfExists ? rest.slice(0, -suffix.length) : rest)
  return operator === undefined ? undefined : { set, isIfExists, operator }
}
