// Purpose:  an audit for programs, and for whoever wants to show a stored one again.
// Spec:     docs/schemas/audit-report-1.json.
// Input:    a posture as it was judged.
// Deviates: of a rule with very many resources the gravest are listed, and the others counted.
// Unknowns: nothing.
import type { JudgedRule, JudgedSeen, Posture } from './judge-posture.ts'
import type { Seen } from './posture-rule.ts'
import type { PostureSuppression } from './rules-file.ts'

/** Another one when a member changes its meaning or goes away: docs/schemas/audit-report-1.json. */
export const postureSchema = 'pratique.audit/1'

type Members = Readonly<Record<string, unknown>>

/** `mostResources`: of each rule so many are listed. */
export function postureDocument(
  posture: Posture,
  { mostResources = Number.MAX_SAFE_INTEGER }: { readonly mostResources?: number } = {},
): Members {
  return {
    schema: postureSchema,
    score: posture.score,
    rules: posture.rules.map((rule) => ruleDocument(rule, mostResources)),
    unusedSuppressions: posture.unusedSuppressions.map(suppressionDocument),
    endedSuppressions: posture.endedSuppressions.map(suppressionDocument),
  }
}

function ruleDocument(judged: JudgedRule, most: number): Members {
  const { rule, outcome, severity, why, action, suppressedBy, seen } = judged
  const { id, title, equivalents, references } = rule
  const { leftOut = 0 } = judged
  const listed = seen.length <= most ? seen : seen.toSorted(compareSeen).slice(0, most)
  const left = leftOut + seen.length - listed.length
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
    resources: listed.map(seenDocument),
    ...(left === 0 ? {} : { resourcesLeftOut: left }),
  }
}

const order: readonly Seen['outcome'][] = ['fail', 'unknown', 'pass']

function compareSeen(a: JudgedSeen, b: JudgedSeen): number {
  const held = Number(a.suppressedBy !== undefined) - Number(b.suppressedBy !== undefined)
  return held || order.indexOf(a.outcome) - order.indexOf(b.outcome)
}

function seenDocument({
  resource,
  outcome,
  words,
  action,
  remedy,
  suppressedBy,
}: JudgedSeen): Members {
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
}: PostureSuppression): Members {
  return { rule, ...(resource === undefined ? {} : { resource }), owner, reason, until, line }
}
