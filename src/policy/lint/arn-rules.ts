import type { Written } from '../reading/written-policy.ts'
import { quoted } from '../strict-json.ts'
import type { LintedPolicy, ReportFinding } from './linted-policy.ts'

/** The first five fields of ARNs, in Resource and in the values of Arn operators. */
export function lintArns({ statements }: LintedPolicy, report: ReportFinding): void {
  for (const { written, tests } of statements) {
    const ofConditions = tests.flatMap(({ operator, written: { values } }) => {
      const isArn =
        operator !== undefined &&
        operator.operator !== 'Null' &&
        operator.operator.comparison.operandType === 'arn'
      return isArn ? values : []
    })
    for (const arn of [...(written.resource?.patterns ?? []), ...ofConditions]) {
      if (arn.value !== '*' && arn.value.startsWith('arn:')) lintArn(arn, report)
    }
  }
}

function lintArn({ value, at }: Written, report: ReportFinding): void {
  const shown = quoted(value)
  const fields = value.split(':')
  const [, partition = ''] = fields
  if (!isOpen(partition) && partition !== 'aws') {
    report('FOREIGN_PARTITION', `${shown} is of the partition ${quoted(partition)}`, at)
  }
  if (fields.length < 6) report('SHORT_ARN', `${shown} ends early`, at)
  lintOwner({ value, at }, report)
}

function lintOwner({ value, at }: Written, report: ReportFinding): void {
  const shown = quoted(value)
  const [, , service = '', region = '*', account = '*'] = value.split(':')
  // Of other services nothing is known here: some have ARNs without region and account.
  const isRegion = regions.get(service)
  if (isRegion === undefined) return
  if (!isOpen(region) && !isRegion.test(region)) {
    report('INVALID_ARN_REGION', `the region of ${shown} is ${quoted(region)}`, at)
  }
  if (!isOpen(account) && !/^(?:[0-9]{12}|aws)$/.test(account)) {
    report('INVALID_ARN_ACCOUNT', `the account of ${shown} is ${quoted(account)}`, at)
  }
}

/** What the region of each service's ARNs is. */
const regions: ReadonlyMap<string, RegExp> = new Map([
  ['ecr', /^[a-z]{2,}(?:-[a-z]+)+-[0-9]+$/],
  ['iam', /^$/],
  ['sts', /^$/],
])

/** Wildcards and variables stand for what is not written here. */
function isOpen(field: string): boolean {
  return /[*?]|\$\{/.test(field)
}
