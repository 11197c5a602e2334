// Purpose:  is this text `*`, or a pattern of ARNs?
// Spec:     IAM User Guide, "IAM JSON policy elements: Resource"; the order of faults as IAM's API shows it.
// Input:    one value of Resource or NotResource; hostile.
// Deviates: a last field `*` stands for all fields that are missing, as some of AWS's services have it.
// Unknowns: services and kinds of resources nobody knows are accepted, as IAM does; the lint names them.
import { quoted } from '../strict-json.ts'
import type { Report } from './faults.ts'
import { judgeVariables } from './variables.ts'
import type { Written } from './written-policy.ts'

const partitions = new Set(['*', 'aws', 'aws-cn', 'aws-us-gov', 'aws-iso', 'aws-iso-b'])

/** Reports what is wrong with one resource; `hasVariables` is false in documents of 2008-10-17. */
export function judgeResource(
  resource: Written,
  { hasVariables }: { readonly hasVariables: boolean },
  report: Report,
): void {
  const { value, at } = resource
  if (value === '*') return
  if (!value.includes(':')) {
    report('INVALID_ARN', `the resource ${quoted(value)} is no ARN`, at, value)
    return
  }
  const variable = hasVariables ? value.indexOf('${') : -1
  if (variable >= 0) {
    const fieldsBefore = value.slice(0, variable).split(':').length
    if (fieldsBefore < 6) {
      const problem = `a variable stands in field ${fieldsBefore} of ${quoted(value)}`
      report('VARIABLE_UNSUPPORTED_IN_ELEMENT', problem, at)
      return
    }
    judgeVariables(resource, report)
  }
  judgeFields(resource, report)
}

function judgeFields({ value, at }: Written, report: Report): void {
  const [prefix, partition = '', service, ...rest] = value.split(':')
  const shown = quoted(value)
  if (!partitions.has(partition)) {
    const problem = `the partition of ${shown} is none of AWS's`
    report('INVALID_PARTITION', problem, at, partitionMessage(value))
  } else if (service === undefined) {
    report('MISSING_ARN_FIELD', `${shown} names no service`, at)
  } else if (service === '') {
    report('ODD_ARN', `the service of ${shown} is empty`, at)
  } else if (prefix !== 'arn') {
    report('INVALID_ARN', `${shown} does not begin with arn:`, at, value)
  } else if (rest.length < 3 && (rest.at(-1) ?? service) !== '*') {
    const code = value.includes('::') ? 'ODD_ARN' : 'MISSING_ARN_FIELD'
    report(code, `${shown} has ${rest.length + 3} fields of six`, at)
  }
}

/** IAM fills the fields that are missing with stars. */
function partitionMessage(value: string): string {
  const [, partition = '', service = '*', region = '*', account = '*', ...rest] = value.split(':')
  const resource = rest.length === 0 ? '*' : rest.join(':')
  return `Partition "${partition}" is not valid for resource "arn:${partition}:${service}:${region}:${account}:${resource}".`
}
