import { isPublicGrant } from '../public-grant.ts'
import { quoted } from '../strict-json.ts'
import type { WrittenPrincipal, WrittenPrincipals } from '../reading/written-policy.ts'
import type { LintedPolicy, LintedStatement, ReportFinding } from './linted-policy.ts'

/** Whom a statement is about: everybody, services, other accounts, who is gone. */
export function lintPrincipals(policy: LintedPolicy, report: ReportFinding): void {
  for (const statement of policy.statements) {
    const { principal } = statement.written
    // A resource control policy is about everybody by its nature.
    if (principal === undefined || policy.kind === 'rcp') continue
    lintElement(statement, principal, report)
    for (const member of principal.members) lintMember(policy, statement, member, report)
  }
}

function lintElement(
  { isAllow, read }: LintedStatement,
  principal: WrittenPrincipals,
  report: ReportFinding,
): void {
  if (!isAllow && principal.isNegated) {
    const message = 'who is not listed at every level (account, role and session) is denied'
    report('DENY_WITH_NOT_PRINCIPAL', message, principal.at)
  } else if (isPublicGrant(read)) {
    const message = 'the statement allows everybody, and no condition says who that may be'
    report('PUBLIC_PRINCIPAL', message, principal.at)
  }
}

function lintMember(
  policy: LintedPolicy,
  statement: LintedStatement,
  { form, value, at }: WrittenPrincipal,
  report: ReportFinding,
): void {
  if (form.kind === 'unique-id') {
    report('UNIQUE_ID_PRINCIPAL', `${value} is an id and no name`, at)
  } else if (form.kind === 'service') {
    lintService(statement, form.name, at, report)
  } else if ('account' in form && policy.kind === 'trust' && statement.isAllow) {
    const isForeign = policy.account !== undefined && policy.account !== form.account
    if (!isForeign || tests(statement, /^sts:externalid$/)) return
    const message = `${quoted(value)} is of another account`
    report('CROSS_ACCOUNT_TRUST_WITHOUT_EXTERNAL_ID', message, at)
  }
}

function lintService(
  statement: LintedStatement,
  name: string,
  at: WrittenPrincipal['at'],
  report: ReportFinding,
): void {
  if (!name.endsWith('.ecr.amazonaws.com')) {
    report('SERVICE_PRINCIPAL_MATCHES_NOTHING', `${quoted(name)} never calls this registry`, at)
  }
  if (!statement.isAllow || tests(statement, /^aws:source(?:arn|account)$/)) return
  const message = `${quoted(name)} may be made to act by somebody who may not`
  report('RESTRICT_ACCESS_TO_SERVICE_PRINCIPAL', message, at)
}

/** Whether a key of these is compared with a value. */
function tests(statement: LintedStatement, key: RegExp): boolean {
  return statement.tests.some(
    ({ written, operator }) => key.test(written.key.toLowerCase()) && operator?.operator !== 'Null',
  )
}
