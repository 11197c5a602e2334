// Purpose:  what a change of an admission policy does, in lines that people and the audit log show.
// Spec:     our own; docs/admission.md.
// Input:    the policy before and after; undefined where there is none.
// Deviates: nothing.
// Unknowns: none; both were read.
import type { AdmissionPolicy } from './admission-policy.ts'

const maxLines = 100

/** `+` came, `-` went; a policy that says the same gives no line. */
export function policyChanges(
  before: AdmissionPolicy | undefined,
  after: AdmissionPolicy | undefined,
): readonly string[] {
  const old = linesOf(before)
  const fresh = linesOf(after)
  const gone = old.filter((line) => !fresh.includes(line)).map((line) => `- ${line}`)
  const come = fresh.filter((line) => !old.includes(line)).map((line) => `+ ${line}`)
  const lines = [...gone, ...come]
  const more = lines.length - maxLines
  return more > 0 ? [...lines.slice(0, maxLines), `and ${more} more`] : lines
}

function linesOf(policy: AdmissionPolicy | undefined): readonly string[] {
  if (policy === undefined) return []
  const { mode, unknown, otherRegistries, scopes, rules, require, exempt } = policy
  return [
    `mode ${mode}`,
    `unknown ${unknown}`,
    `otherRegistries ${otherRegistries}`,
    ...scopes.map((scope) => `scope ${JSON.stringify(scope)}`),
    ...rules.map(({ id, outcome, when }) => `rule ${id} ${outcome} ${JSON.stringify(when)}`),
    ...Object.entries(require).map(([name, value]) => `require.${name} ${JSON.stringify(value)}`),
    ...exempt.map(({ match, owner, until }) => `exempt ${JSON.stringify(match)} ${owner} ${until}`),
  ]
}
