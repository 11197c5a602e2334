// Purpose:  is this text an action, or a pattern of actions?
// Spec:     IAM User Guide, "IAM JSON policy elements: Action"; Service Authorization Reference.
// Input:    one value of Action or NotAction; hostile.
// Deviates: nothing; `*:*` is taken for `*`, as IAM does.
// Unknowns: operations nobody knows are accepted, as IAM does; the lint names them.
import type { Written } from './written-policy.ts'
import type { Report } from './faults.ts'
import { quoted } from '../strict-json.ts'

/** Reports what is wrong with one action. */
export function judgeAction({ value, at }: Written, report: Report): void {
  if (value === '*' || value === '*:*') return
  const [service = '', name, ...more] = value.split(':')
  if (name === undefined) {
    report('INVALID_ACTION', `the action ${quoted(value)} names no service`, at)
  } else if (more.length > 0) {
    report('INVALID_ACTION_COLON', `the action ${quoted(value)} holds several colons`, at)
  } else if (!/^[A-Za-z0-9-]{1,64}$/.test(service)) {
    const problem = `the service of the action ${quoted(value)} is no name`
    report('INVALID_SERVICE_IN_ACTION', problem, at, service)
  } else if (!/^[A-Za-z0-9*?]{1,256}$/.test(name)) {
    report('INVALID_ACTION_NAME', `the action ${quoted(value)} is no operation`, at)
  }
}

/** The service of an action in lower case; `*` for all. */
export function serviceOfAction(action: string): string {
  return action.slice(0, Math.max(action.indexOf(':'), 0)).toLowerCase() || '*'
}
