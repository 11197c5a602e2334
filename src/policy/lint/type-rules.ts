import type { ContextKey, KeyType } from '../context-keys.ts'
import type { OperandType } from '../operators/operator.ts'
import { quoted } from '../strict-json.ts'
import type { LintedPolicy, LintedTest, ReportFinding } from './linted-policy.ts'

/** The operators that compare what a key's values are. */
const operandTypes: Readonly<Record<KeyType, readonly OperandType[]>> = {
  string: ['string'],
  arn: ['arn', 'string'],
  bool: ['bool'],
  date: ['date', 'numeric'],
  ip: ['ip'],
  numeric: ['numeric'],
}

/** Whether each operator is of the type of its key. */
export function lintTypes({ statements }: LintedPolicy, report: ReportFinding): void {
  for (const { tests } of statements) {
    for (const test of tests) {
      if (test.key !== undefined) lintType(test, test.key, report)
    }
  }
}

function lintType(
  { written, operator }: LintedTest,
  { type }: ContextKey,
  report: ReportFinding,
): void {
  if (operator === undefined || operator.operator === 'Null') return
  const { operandType } = operator.operator.comparison
  const { key, at, operatorAt } = written
  if (!operandTypes[type].includes(operandType)) {
    const message = `${quoted(key)} is of the type ${type}, and ${quoted(written.operator)} compares ${operandType}`
    report('TYPE_MISMATCH', message, operatorAt)
  } else if (type === 'arn' && operandType === 'string') {
    const message = `${quoted(key)} is an ARN, and ${quoted(written.operator)} reads it as any text`
    report('STRING_OPERATOR_WITH_ARN_KEY', message, at)
  }
}
