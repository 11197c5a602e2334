// Purpose:  may this statement stand in a policy of this kind?
// Spec:     IAM User Guide, policy grammar; ECR, "Private repository policies" and "Private registry permissions";
//           Organizations User Guide, syntax of service and resource control policies.
// Input:    a statement that was read, and where its policy is put.
// Deviates: a repository policy may name its own repository in Resource, which ECR refuses.
// Unknowns: none; each kind of policy has a row.
import { compileArnPattern } from '../arn-pattern.ts'
import { tokenise } from '../pattern.ts'
import { quoted } from '../strict-json.ts'
import { judgeAction, serviceOfAction } from './action-text.ts'
import { judgeCondition } from './condition-rules.ts'
import type { Report } from './faults.ts'
import type { KindRules } from './kind-rules.ts'
import { judgeResource } from './resource-text.ts'
import type {
  Written,
  WrittenPatterns,
  WrittenPrincipals,
  WrittenStatement,
} from './written-policy.ts'

export interface StatementSetting {
  readonly rules: KindRules
  readonly isTrust: boolean
  /** False in documents of 2008-10-17. */
  readonly hasVariables: boolean
  readonly repositoryArn: string | undefined
  /** No Resource at all in repository policies, as ECR has it. */
  readonly refuseResource: boolean
}

/** Reports what is wrong with a statement, but for its Sid and what trust policies alone have. */
export function judgeStatement(
  statement: WrittenStatement,
  setting: StatementSetting,
  report: Report,
): void {
  judgePrincipalElement(statement, setting, report)
  const { action, resource, conditions } = statement
  for (const pattern of action.patterns) {
    judgeAction(pattern, report)
    judgeService(pattern, setting.rules, report)
    judgeComplexity(pattern, report)
  }
  judgeResourceElement(statement, setting, report)
  for (const pattern of resource?.patterns ?? []) {
    judgeResource(pattern, setting, report)
    judgeComplexity(pattern, report)
  }
  for (const condition of conditions) {
    judgeCondition(condition, setting, report)
    for (const value of condition.values) judgeComplexity(value, report)
  }
}

function judgePrincipalElement(
  { principal, effect, at }: WrittenStatement,
  { rules, isTrust }: StatementSetting,
  report: Report,
): void {
  if (rules.principal === 'prohibited') {
    if (principal === undefined) return
    const problem = 'this kind of policy names no principals'
    report('UNSUPPORTED_PRINCIPAL_ELEMENT', problem, principal.at)
  } else if (principal === undefined) {
    report('MISSING_PRINCIPAL', 'the statement says nothing of whom it is about', at)
  } else if (principal.isNegated && isTrust) {
    const problem = 'a trust policy says whom it trusts, not whom it does not'
    report('PROHIBITED_ELEMENT', problem, principal.at, 'NotPrincipal')
  } else {
    if (principal.isNegated && effect === 'Allow') {
      const problem = 'an Allow with NotPrincipal lets in everybody who is not listed'
      report('ALLOW_WITH_NOT_PRINCIPAL', problem, principal.at)
    }
    judgeForms(principal, rules.principal === 'everyone', isTrust, report)
  }
}

function judgeForms(
  { members, isNegated }: WrittenPrincipals,
  isAboutEveryone: boolean,
  isTrust: boolean,
  report: Report,
): void {
  for (const { form, value, at } of members) {
    if (isAboutEveryone && (form.kind !== 'everyone' || isNegated)) {
      const problem = 'a resource control policy is about everybody: its Principal is "*"'
      report('INVALID_PRINCIPAL', problem, at, value)
    } else if (form.kind === 'oidc-provider' && !isTrust) {
      const problem = 'an identity provider is a principal of trust policies alone'
      report('UNSUPPORTED_PRINCIPAL', problem, at, value)
    }
  }
}

function judgeService(action: Written, { services }: KindRules, report: Report): void {
  if (services === undefined || services.includes(serviceOfAction(action.value))) return
  const problem = `${quoted(action.value)} is no action that this policy can decide on`
  report('UNSUPPORTED_ACTION_IN_POLICY', problem, action.at)
}

function judgeResourceElement(
  { resource, at }: WrittenStatement,
  { rules, refuseResource, repositoryArn }: StatementSetting,
  report: Report,
): void {
  const isRequired = rules.resource === 'required' || rules.resource === 'registry'
  if (resource === undefined) {
    if (!isRequired) return
    report('MISSING_RESOURCE', 'the statement has neither Resource nor NotResource', at)
    return
  }
  if (rules.resource === 'prohibited') {
    const problem = 'the resource of a trust policy is its role'
    const name = resource.isNegated ? 'NotResource' : 'Resource'
    report('PROHIBITED_ELEMENT', problem, resource.at, name)
  } else if (rules.resource !== 'required' && resource.isNegated) {
    const problem = 'a policy of a registry or repository has no NotResource'
    report('UNSUPPORTED_RESOURCE_ARN_IN_POLICY', problem, resource.at)
  } else if (rules.resource === 'repository' && refuseResource) {
    const problem = 'this registry takes no Resource in repository policies, as ECR takes none'
    report('UNSUPPORTED_RESOURCE_ARN_IN_POLICY', problem, resource.at)
  } else if (rules.resource === 'repository') {
    reportUnlike(resource, (text) => isOfRepository(text, repositoryArn), report)
  } else if (rules.resource === 'registry') {
    reportUnlike(resource, isOfRegistry, report)
  }
}

function reportUnlike(
  { patterns }: WrittenPatterns,
  isLike: (text: string) => boolean,
  report: Report,
): void {
  for (const { value, at } of patterns) {
    if (isLike(value)) continue
    const problem = `${quoted(value)} is no resource that this policy can decide on`
    report('UNSUPPORTED_RESOURCE_ARN_IN_POLICY', problem, at)
  }
}

function isOfRepository(text: string, repositoryArn: string | undefined): boolean {
  if (text === '*') return true
  if (repositoryArn === undefined)
    return isOfRegistry(text) || /^arn:aws:ecr:(?:.*:)?\*$/.test(text)
  const tokens = tokenise(text, { hasVariables: true, hasWildcards: true })
  const matches = compileArnPattern(tokens, { mayEndEarly: true, hasVariablesAnywhere: false })
  return matches(repositoryArn, { get: () => undefined }) === true
}

function isOfRegistry(text: string): boolean {
  return /^arn:aws:ecr:[^:]+:(?:[0-9]{12}|[0-9]*\*):repository\/./.test(text)
}

/** So that no document makes decisions dear, however it is written. */
function judgeComplexity({ value, at }: Written, report: Report): void {
  if (value.length <= 2048 && value.split(/[*?]/, 66).length <= 65) return
  const problem = `${quoted(value)} is longer, or has more wildcards, than a pattern needs`
  report('PATTERN_TOO_COMPLEX', problem, at)
}
