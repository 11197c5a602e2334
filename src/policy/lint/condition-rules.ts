import { contextKeys } from '../context-keys.ts'
import type { WrittenCondition } from '../reading/written-policy.ts'
import { restrictsCaller } from '../public-grant.ts'
import { quoted } from '../strict-json.ts'
import {
  demandsKey,
  hintAt,
  type LintedPolicy,
  type LintedStatement,
  type LintedTest,
  type ReportFinding,
} from './linted-policy.ts'
import { hostOfKey, lintSubject } from './oidc-subjects.ts'

/** Whether conditions hold when, and only when, they are meant to. */
export function lintConditions(policy: LintedPolicy, report: ReportFinding): void {
  for (const statement of policy.statements) {
    for (const test of statement.tests) {
      lintKey(statement, test, report)
      lintSetOperator(statement, test, report)
      lintMissingKey(statement, test, report)
      if (statement.isAllow && policy.kind === 'trust') lintSubject(test, report)
    }
    if (policy.kind !== 'scp' && policy.kind !== 'rcp') lintForgeable(statement, report)
  }
}

function lintKey(
  { actions }: LintedStatement,
  { written: { key: name, at }, key }: LintedTest,
  report: ReportFinding,
): void {
  if (key === undefined) {
    if (/^(?:aws|ecr|iam|sts|pratique):[^/]+\/$/i.test(name)) {
      report('MISSING_TAG_KEY_IN_CONDITION_KEY', `${quoted(name)} names no tag`, at)
    } else if (hostOfKey(name) === undefined) {
      const hint = hintAt(name, contextKeys)
      report('UNKNOWN_CONDITION_KEY', `no request has ${quoted(name)}${hint}`, at)
    }
    return
  }
  if (key.name.startsWith('pratique:')) {
    report('PRATIQUE_KEY_NOT_PORTABLE', `${quoted(name)} is of this registry alone`, at)
  }
  if (key.presence === 'never') {
    report('KEY_NEVER_PRESENT', `no request to this registry has ${quoted(name)}`, at)
  }
  const { actions: patterns } = key
  if (patterns === undefined || actions.length === 0) return
  const hasKey = actions.some(({ name: action }) =>
    patterns.some((pattern) => covers(pattern, action.toLowerCase())),
  )
  if (hasKey) return
  const message = `no request of these actions has ${quoted(name)}`
  report('KEY_NOT_AVAILABLE_FOR_ACTION', message, at)
}

function covers(pattern: string, action: string): boolean {
  return pattern.endsWith('*') ? action.startsWith(pattern.slice(0, -1)) : pattern === action
}

function lintSetOperator(
  statement: LintedStatement,
  { written, operator, key }: LintedTest,
  report: ReportFinding,
): void {
  if (operator?.set === undefined) return
  if (operator.operator === 'Null') {
    const message = `${quoted(written.operator)} asks no more than Null`
    report('NULL_WITH_QUALIFIER', message, written.operatorAt)
  } else if (key?.isMultivalued === false) {
    const message = `${quoted(written.key)} has one value`
    report('SET_OPERATOR_WITH_SINGLE_VALUED_KEY', message, written.at)
  }
  const isOpen = statement.isAllow && operator.set === 'ForAllValues'
  if (!isOpen || operator.operator === 'Null' || demandsKey(statement, written.key)) return
  const message = `the test holds for requests without ${quoted(written.key)}`
  report('FOR_ALL_VALUES_WITHOUT_NULL_CHECK', message, written.at)
}

function lintMissingKey(
  statement: LintedStatement,
  { written, operator, key }: LintedTest,
  report: ReportFinding,
): void {
  if (operator === undefined || operator.operator === 'Null') return
  if (!statement.isAllow) {
    if (key?.name === 'aws:MultiFactorAuthPresent') lintMfa(written, report)
    return
  }
  const holdsWithout = operator.operator.isNegated && operator.set === undefined
  if (!holdsWithout || key?.presence === 'always' || demandsKey(statement, written.key)) return
  const message = `the test holds for requests without ${quoted(written.key)}`
  report('NEGATED_OPERATOR_IN_ALLOW', message, written.at)
}

function lintMfa({ operator, values, at }: WrittenCondition, report: ReportFinding): void {
  if (operator !== 'Bool' || !values.some(({ value }) => value.toLowerCase() === 'false')) return
  const message = 'requests with long-term keys are not denied: they have no such key'
  report('MFA_DENY_WITHOUT_IF_EXISTS', message, at)
}

function lintForgeable({ isAllow, tests, read }: LintedStatement, report: ReportFinding): void {
  const [first] = tests.filter(({ key }) => key?.isForgeable === true)
  if (!isAllow || first === undefined || read.conditions.some(restrictsCaller)) return
  if (tests.some(({ key }) => key?.isForgeable === false)) return
  const message = `whoever calls chooses ${quoted(first.written.key)}`
  report('FORGEABLE_CONDITION_ALONE', message, first.written.at)
}
