// Purpose:  what is wrong, dangerous, useless or not portable in a policy.
// Spec:     IAM Access Analyzer, ValidatePolicy and "Policy check reference"; parliament's findings.
// Input:    the text of a policy, where it is put, and what is known of that place; hostile.
// Deviates: nothing.
// Unknowns: what the lint cannot tell (whose the policy is) it says nothing of; a policy that cannot be read has its errors alone.
import type { AccountId } from '../account-id.ts'
import type { PolicyKind } from '../document.ts'
import { readWrittenPolicy, statementOf } from '../parse-policy.ts'
import { faultTable } from '../reading/faults.ts'
import { policySize } from '../reading/policy-size.ts'
import { lintActions } from './action-rules.ts'
import { lintArns } from './arn-rules.ts'
import { lintConditions } from './condition-rules.ts'
import { lintDocument } from './document-rules.ts'
import type { PolicyFinding, Severity } from './finding.ts'
import { lintGrants } from './grant-rules.ts'
import { lintTable } from './lint-table.ts'
import {
  lintedStatement,
  type LintedPolicy,
  type LintRule,
  type ReportFinding,
} from './linted-policy.ts'
import { lintPrincipals } from './principal-rules.ts'
import { lintRedundancy } from './redundancy-rules.ts'
import { lintResources } from './resource-rules.ts'
import { lintTypes } from './type-rules.ts'
import { lintValues } from './value-rules.ts'

const rules: readonly LintRule[] = [
  lintDocument,
  lintPrincipals,
  lintGrants,
  lintActions,
  lintResources,
  lintArns,
  lintConditions,
  lintTypes,
  lintValues,
  lintRedundancy,
]

/** Twice what any quota admits: beyond it a policy is told its errors and its size. */
const maxLintedSize = 20_480

const severities: readonly Severity[] = ['ERROR', 'SECURITY_WARNING', 'WARNING', 'SUGGESTION']

export interface LintOptions {
  /** Whose the policy is: other accounts are then told apart. */
  readonly account?: AccountId
  /** Of a repository policy: the repository. */
  readonly repositoryArn?: string
}

/** All findings, the gravest first and of one severity in the order of the text. */
export function lintPolicy(
  text: string,
  kind: PolicyKind,
  options: LintOptions = {},
): readonly PolicyFinding[] {
  const { account, ...parsing } = options
  const { written, faults } = readWrittenPolicy(text, kind, parsing)
  const findings: PolicyFinding[] = faults.map(({ code, problem, remedy, at }) => {
    return { code, severity: 'ERROR', message: problem, remedy, at }
  })
  const report: ReportFinding = (code, message, at) => {
    const { severity, remedy } = lintTable[code]
    findings.push({ code, severity, message, remedy, at })
  }
  const hasMeaning = faults.every(({ code }) => 'isHarmlessStored' in faultTable[code])
  if (hasMeaning) applyRules({ kind, written, account, size: policySize(text) }, report)
  return findings.toSorted(
    (a, b) =>
      severities.indexOf(a.severity) - severities.indexOf(b.severity) ||
      a.at.line - b.at.line ||
      a.at.column - b.at.column,
  )
}

function applyRules(policy: Omit<LintedPolicy, 'statements'>, report: ReportFinding): void {
  const { written, size } = policy
  if (size > maxLintedSize) {
    const message = `the policy has ${size} characters, more than the rest of the lint looks at`
    report('POLICY_SIZE_EXCEEDS_QUOTA', message, { pointer: '', line: 1, column: 1 })
    return
  }
  const statements = written.statements.map((one) => lintedStatement(one, statementOf(one)))
  for (const rule of rules) rule({ ...policy, statements }, report)
}
