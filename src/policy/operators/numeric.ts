// Purpose:  the Numeric operators: decimals of any length, compared without rounding.
// Spec:     IAM User Guide, "Numeric condition operators".
// Input:    number lexemes of a policy, and text of the context, which may be hostile.
// Deviates: no exponents, no hexadecimal, no text around the number.
// Unknowns: what is no number → undefined, and no comparison with it is true.
import { anyOf, type Comparison } from './operator.ts'

/** A decimal in normal form: no zeros around it, and no negative zero. */
export interface Decimal {
  readonly isNegative: boolean
  readonly whole: string
  readonly fraction: string
}

export function parseDecimal(text: string): Decimal | undefined {
  const match = /^([+-]?)([0-9]+)(?:\.([0-9]+))?$/.exec(text)
  if (match === null) return undefined
  const [, sign, digits = '', decimals = ''] = match
  const whole = digits.slice(countLeadingZeros(digits))
  const fraction = decimals.slice(0, decimals.length - countTrailingZeros(decimals))
  return { isNegative: sign === '-' && `${whole}${fraction}` !== '', whole, fraction }
}

function countLeadingZeros(digits: string): number {
  let count = 0
  while (digits.charAt(count) === '0') count++
  return count
}

function countTrailingZeros(digits: string): number {
  let count = 0
  while (digits.charAt(digits.length - 1 - count) === '0') count++
  return count
}

/** Negative, zero or positive as the first is less than, equal to or greater than the second. */
export function compareDecimals(left: Decimal, right: Decimal): number {
  if (left.isNegative !== right.isNegative) return left.isNegative ? -1 : 1
  const order =
    left.whole.length - right.whole.length ||
    compareText(left.whole, right.whole) ||
    compareText(left.fraction, right.fraction)
  return left.isNegative ? -order : order
}

/** Of digits of one scale: those of a fraction stand from the left. */
function compareText(left: string, right: string): number {
  if (left === right) return 0
  return left < right ? -1 : 1
}

/** `holds` reads the order of the context's value against the policy's. */
function numeric(holds: (order: number) => boolean): Comparison {
  return {
    operandType: 'numeric',
    hasVariables: false,
    hasWildcards: false,
    compile: (values) =>
      anyOf(
        values.map((value) => {
          const wanted = parseDecimal(value)
          if (wanted === undefined) return () => false
          return (text) => {
            const found = parseDecimal(text)
            return found !== undefined && holds(compareDecimals(found, wanted))
          }
        }),
      ),
  }
}

export const numericEquals = numeric((order) => order === 0)
export const numericLessThan = numeric((order) => order < 0)
export const numericLessThanEquals = numeric((order) => order <= 0)
export const numericGreaterThan = numeric((order) => order > 0)
export const numericGreaterThanEquals = numeric((order) => order >= 0)
