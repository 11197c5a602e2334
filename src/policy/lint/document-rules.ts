import type { PolicyKind } from '../document.ts'
import { kindRules } from '../reading/kind-rules.ts'
import { policyLimits } from '../reading/policy-size.ts'
import type { LintedPolicy, ReportFinding } from './linted-policy.ts'

const quotas: ReadonlyMap<PolicyKind, number> = new Map([
  ['identity', policyLimits.inlineOfRole],
  ['session', policyLimits.session],
  ['trust', policyLimits.trust],
])

const top = { pointer: '', line: 1, column: 1 }

/** Version, Id, Sids, size, and what is of this registry alone. */
export function lintDocument(policy: LintedPolicy, report: ReportFinding): void {
  lintVersion(policy, report)
  lintSids(policy, report)
  lintSize(policy, report)
  const { id } = policy.written
  const hasId = ['repository', 'registry', 'trust'].includes(policy.kind)
  if (id !== undefined && !hasId) report('ID_NOT_PORTABLE', 'this kind of policy has no Id', id.at)
}

function lintVersion({ written, statements }: LintedPolicy, report: ReportFinding): void {
  const { version } = written
  if (version?.value === '2012-10-17') return
  if (version === undefined) report('MISSING_VERSION', 'the policy names no version', top)
  else report('OLD_VERSION', `the policy is of the version ${version.value}`, version.at)
  for (const { written: statement } of statements) {
    const texts = [
      ...(statement.resource?.patterns ?? []),
      ...statement.conditions.flatMap(({ values }) => values),
    ]
    for (const { value, at } of texts) {
      const start = value.indexOf('${')
      if (start < 0 || !value.includes('}', start)) continue
      const message = 'what looks like a variable is text in this version'
      report('VARIABLE_UNSUPPORTED_IN_VERSION', message, at)
    }
  }
}

function lintSids({ kind, statements }: LintedPolicy, report: ReportFinding): void {
  const seen = new Set<string>()
  for (const { sid } of statements.map(({ written }) => written)) {
    if (sid === undefined) continue
    if (sid.value === '') report('EMPTY_SID', 'the Sid is empty', sid.at)
    else if (seen.has(sid.value) && !kindRules[kind].areSidsUnique) {
      report('UNIQUE_SIDS_RECOMMENDED', `another statement has the Sid ${sid.value}`, sid.at)
    }
    seen.add(sid.value)
  }
}

/** Quotas that depend on whom a policy is put to, and so are no faults of its text. */
function lintSize({ kind, size }: LintedPolicy, report: ReportFinding): void {
  const limit = quotas.get(kind)
  if (limit === undefined || size <= limit) return
  const message = `the policy has ${size} characters without white space, and ${limit} are the most`
  report('POLICY_SIZE_EXCEEDS_QUOTA', message, top)
}
