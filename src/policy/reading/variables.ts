// Purpose:  are the variables in a text of a policy well formed?
// Spec:     IAM User Guide, "IAM policy elements: Variables and tags".
// Input:    a Resource or a value of a Condition; hostile.
// Deviates: nested, unfinished and empty variables are refused; AWS's services read them as text, which nobody means.
// Unknowns: what is no well-formed variable → a fault.
import { findContextKey } from '../context-keys.ts'
import type { Place } from '../document.ts'
import { quoted } from '../strict-json.ts'
import type { Report } from './faults.ts'
import type { Written } from './written-policy.ts'

/** As `tokenise` reads it, but for blanks around the key. */
const whole = /^([^,'{}$]+)(?:,\s*'[^']*'\s*)?$/

/** Reports what is wrong with the variables of a text of a 2012-10-17 document. */
export function judgeVariables({ value, at }: Written, report: Report): void {
  for (let start = value.indexOf('${'); start >= 0;) {
    const end = value.indexOf('}', start)
    if (end < 0) {
      report('MISSING_BRACE_IN_VARIABLE', `the variable ${quoted(value.slice(start))} is open`, at)
      return
    }
    judgeVariable(value.slice(start + 2, end), at, report)
    start = value.indexOf('${', end)
  }
}

function judgeVariable(inner: string, at: Place, report: Report): void {
  if (inner === '*' || inner === '?' || inner === '$') return
  const shown = quoted(`\${${inner}}`)
  const [, key] = whole.exec(inner) ?? []
  if (inner.trim() === '') report('EMPTY_VARIABLE', `${shown} names no key`, at)
  else if (key !== undefined) judgeKey(key, shown, at, report)
  else if (/^[^,'{$]+,[^{$]*$/.test(inner)) {
    report('MISSING_QUOTE_IN_VARIABLE', `the default of ${shown} is not in quotes`, at)
  } else {
    report('INVALID_VARIABLE', `${shown} is no variable`, at)
  }
}

/** Blanks may stand within the name of a tag, and behind the comma. */
function judgeKey(key: string, shown: string, at: Place, report: Report): void {
  const [name = ''] = key.split('/')
  if (/\s/.test(name) || key !== key.trim()) {
    report('UNSUPPORTED_SPACE_IN_VARIABLE', `there is a blank in the key of ${shown}`, at)
  } else if (!/^[^:]+:./.test(key)) {
    report('INVALID_VARIABLE', `the key of ${shown} names no service`, at)
  } else if (findContextKey(key)?.isMultivalued === true) {
    report('UNSUPPORTED_VARIABLE_KEY', `the key of ${shown} has several values`, at)
  }
}
