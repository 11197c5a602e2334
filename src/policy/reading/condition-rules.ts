// Purpose:  are the tests of a Condition such as the language knows them: operator, key, types of values, variables?
// Spec:     IAM User Guide, "IAM JSON policy elements: Condition operators" and "Condition keys with multiple values".
// Input:    the tests of a statement, as written; hostile.
// Deviates: values that match nothing (a date that is none) are refused; aws:TagKeys is refused without a set operator.
// Unknowns: an operator that the language does not have → a fault; keys nobody knows are accepted, the lint names them.
import { parseBinary } from '../operators/binary.ts'
import { parseBool } from '../operators/bool.ts'
import { parseInstant } from '../operators/date.ts'
import { parseNetwork } from '../operators/ip-address.ts'
import { parseDecimal } from '../operators/numeric.ts'
import type { OperandType } from '../operators/operator.ts'
import { readOperator, type OperatorReading } from '../operators/table.ts'
import { tokenise } from '../pattern.ts'
import { quoted } from '../strict-json.ts'
import type { Report } from './faults.ts'
import { judgeVariables } from './variables.ts'
import type { Written, WrittenCondition } from './written-policy.ts'

interface Language {
  /** False in documents of 2008-10-17. */
  readonly hasVariables: boolean
}

/** Reports what is wrong with one test. */
export function judgeCondition(
  condition: WrittenCondition,
  language: Language,
  report: Report,
): void {
  const { operator, key, at, operatorAt } = condition
  if (!/^[^:*?${}]+:[^*?${}]+$/.test(key)) {
    report('INVALID_CONDITION_KEY_FORMAT', `${quoted(key)} is no key of a service`, at)
  }
  const reading = readOperator(operator)
  if (reading === undefined) {
    const isNull = operator.endsWith('NullIfExists')
    const code = isNull ? 'NULL_WITH_IF_EXISTS' : 'INVALID_CONDITION_OPERATOR'
    report(code, `${quoted(operator)} is no operator`, operatorAt)
    return
  }
  if (key.toLowerCase() === 'aws:tagkeys' && isWithoutSet(reading)) {
    report('MISSING_QUALIFIER', `${quoted(operator)} compares aws:TagKeys with one value`, at)
  }
  for (const value of condition.values) judgeValue(value, reading, language, report)
}

function isWithoutSet({ set, operator }: OperatorReading): boolean {
  return set === undefined && operator !== 'Null'
}

function judgeValue(
  value: Written,
  { operator }: OperatorReading,
  { hasVariables }: Language,
  report: Report,
): void {
  const type = operator === 'Null' ? 'null' : operator.comparison.operandType
  const takesVariables = operator !== 'Null' && operator.comparison.hasVariables
  if (hasVariables && value.value.includes('${')) {
    if (takesVariables) judgeVariables(value, report)
    else {
      const problem = `a variable stands in ${quoted(value.value)}, and this operator takes none`
      report('VARIABLE_UNSUPPORTED_IN_ELEMENT', problem, value.at)
    }
    if (type !== 'arn') return
  }
  const { isValid, name } = operandForms[type]
  if (isValid(value.value, hasVariables)) return
  report('INVALID_CONDITION_DATA_TYPE', `${quoted(value.value)} is no ${name}`, value.at)
}

interface OperandForm {
  readonly name: string
  readonly isValid: (text: string, hasVariables: boolean) => boolean
}

const operandForms: Readonly<Record<OperandType | 'null', OperandForm>> = {
  string: { name: 'text', isValid: () => true },
  arn: { name: 'ARN of six fields', isValid: isArnPattern },
  bool: { name: '"true" or "false"', isValid: (text) => parseBool(text) !== undefined },
  null: { name: '"true" or "false"', isValid: (text) => parseBool(text) !== undefined },
  binary: { name: 'base64', isValid: (text) => parseBinary(text) !== undefined },
  date: {
    name: 'date: 2026-01-31, 2026-01-31T12:00:00Z or seconds of the epoch',
    isValid: (text) => parseInstant(text) !== undefined,
  },
  ip: {
    name: 'address or network: 203.0.113.0/24, 2001:db8::/32',
    isValid: (text) => parseNetwork(text) !== undefined,
  },
  numeric: {
    name: 'number: digits, with a sign and a point',
    isValid: (text) => parseDecimal(text) !== undefined,
  },
}

function isArnPattern(text: string, hasVariables: boolean): boolean {
  const tokens = tokenise(text, { hasVariables, hasWildcards: true })
  const [only, ...others] = tokens
  if (only?.kind === 'variable' && others.length === 0) return true
  const fields = tokens.map((token) => (token.kind === 'text' ? token.text : '')).join('')
  return fields.startsWith('arn:') && fields.split(':').length >= 6
}
