import type { JudgedRule, JudgedSeen } from '../../../src/posture/rules/judge-posture.ts'
import type { PostureSuppression } from '../../../src/posture/rules/rules-file.ts'
import type { PostureReport } from '../posture-report.ts'

/** Another one when a member changes its meaning or goes away: docs/schemas/audit-report-1.json. */
const schema = 'pratique.audit/1'

/** The whole audit for programs, also what --min leaves out of the answer. */
export function postureDocument(report: PostureReport): Readonly<Record<string, unknown>> {
  const { target, account, judgedAt, posture, minimum, exitCode, history } = report
  return {
    schema,
    target,
    account,
    judgedAt: judgedAt.toISOString(),
    minimum,
    exitCode,
    score: posture.score,
    ...(history === undefined ? {} : { history }),
    rules: posture.rules.map(ruleDocument),
    unusedSuppressions: posture.unusedSuppressions.map(suppressionDocument),
    endedSuppressions: posture.endedSuppressions.map(suppressionDocument),
  }
}

function ruleDocument(judged: JudgedRule): object {
  const { rule, outcome, severity, why, action, suppressedBy, seen } = judged
  const { id, title, equivalents, references } = rule
  return {
    id,
    title,
    severity,
    outcome,
    why: rule.why,
    ...(why === undefined ? {} : { reason: why }),
    ...(action === undefined ? {} : { missingAction: action }),
    ...(suppressedBy === undefined ? {} : { suppressedBy: suppressionDocument(suppressedBy) }),
    equivalents,
    references,
    resources: seen.map(seenDocument),
  }
}

function seenDocument({
  resource,
  outcome,
  words,
  action,
  remedy,
  suppressedBy,
}: JudgedSeen): object {
  return {
    resource,
    outcome,
    seen: words,
    ...(action === undefined ? {} : { missingAction: action }),
    ...(remedy === undefined ? {} : { remedy }),
    ...(suppressedBy === undefined ? {} : { suppressedBy: suppressionDocument(suppressedBy) }),
  }
}

function suppressionDocument({
  rule,
  resource,
  owner,
  reason,
  until,
  line,
}: PostureSuppression): object {
  return { rule, ...(resource === undefined ? {} : { resource }), owner, reason, until, line }
}
