import type { KnownAction } from '../actions.ts'
import type { LintedPolicy, LintedStatement, ReportFinding } from './linted-policy.ts'

/** What makes more of the rights that somebody has. */
const escalating = new Set([
  'iam:PutUserPolicy',
  'iam:PutGroupPolicy',
  'iam:PutRolePolicy',
  'iam:AttachUserPolicy',
  'iam:AttachGroupPolicy',
  'iam:AttachRolePolicy',
  'iam:CreatePolicyVersion',
  'iam:SetDefaultPolicyVersion',
  'iam:UpdateAssumeRolePolicy',
  'iam:AddUserToGroup',
  'iam:DeleteUserPermissionsBoundary',
  'iam:DeleteRolePermissionsBoundary',
])

/** What hands out credentials of somebody else. */
const exposing = new Set(['iam:CreateAccessKey', 'sts:AssumeRole', 'sts:GetFederationToken'])

/** Allows that lead to more than they say. Guard rails allow nothing by themselves. */
export function lintGrants({ kind, statements }: LintedPolicy, report: ReportFinding): void {
  if (kind === 'scp' || kind === 'rcp') return
  for (const statement of statements) {
    if (!statement.isAllow) continue
    lintNegations(statement, report)
    if (kind === 'identity' || kind === 'session') lintPowers(statement, report)
    else if (kind !== 'trust') lintPublicPowers(statement, report)
  }
}

function lintNegations({ written }: LintedStatement, report: ReportFinding): void {
  const { action, resource } = written
  if (action.isNegated) {
    report('ALLOW_WITH_NOT_ACTION', 'every action but those listed is allowed', action.at)
  }
  if (resource?.isNegated === true) {
    report('ALLOW_WITH_NOT_RESOURCE', 'every resource but those listed is allowed', resource.at)
  }
}

function lintPowers(statement: LintedStatement, report: ReportFinding): void {
  const { actions, written, read } = statement
  const { at } = written.action
  const isWide = coversEverything(statement)
  if (isWide && read.action.patterns.some((pattern) => /^\*(?::\*)?$/.test(pattern))) {
    report('PRIVILEGE_ESCALATION', 'the statement allows everything', at)
    return
  }
  const ways = actions.filter(({ name }) => escalating.has(name))
  if (ways.length > 0 && !hasKey(statement, 'iam:permissionsboundary')) {
    report('PRIVILEGE_ESCALATION', `the statement allows ${listed(ways)}`, at)
  }
  if (!isWide) return
  const exposed = actions.filter(({ name }) => exposing.has(name))
  if (exposed.length > 0) {
    report('CREDENTIALS_EXPOSURE', `the statement allows ${listed(exposed)} for everybody`, at)
  }
  const isDirected = hasKey(statement, 'iam:passedtoservice')
  if (!isDirected && actions.some(({ name }) => name === 'iam:PassRole')) {
    report('PASS_ROLE_WITH_STAR_IN_RESOURCE', 'every role may be passed on', at)
  }
  const managing = actions.filter(isManaging)
  if (managing.length > 0) {
    const message = `the statement allows ${listed(managing)} everywhere`
    report('PERMISSIONS_MANAGEMENT_FOR_EVERYTHING', message, at)
  }
}

function lintPublicPowers({ actions, written }: LintedStatement, report: ReportFinding): void {
  const isOpen = written.principal?.members.some(({ form }) => form.kind === 'everyone')
  const managing = actions.filter(isManaging)
  if (isOpen !== true || managing.length === 0) return
  const message = `the statement allows everybody ${listed(managing)}`
  report('PERMISSIONS_MANAGEMENT_FOR_EVERYTHING', message, written.action.at)
}

/** IAM's own are told of as ways to more rights. */
function isManaging({ name, access }: KnownAction): boolean {
  return access === 'permissions' && name.startsWith('ecr:')
}

function hasKey({ tests }: LintedStatement, wanted: string): boolean {
  return tests.some(({ written }) => written.key.toLowerCase() === wanted)
}

function coversEverything({ written: { resource } }: LintedStatement): boolean {
  if (resource === undefined || resource.isNegated) return true
  return resource.patterns.some(({ value }) => /^\*$|:(?:[a-z-]+\/)?\*$/.test(value))
}

/** The first few of them by name. */
export function listed(actions: readonly { readonly name: string }[]): string {
  const names = actions.map(({ name }) => name)
  const shown = names.slice(0, 4).join(', ')
  return names.length > 4 ? `${shown} and ${names.length - 4} more` : shown
}
