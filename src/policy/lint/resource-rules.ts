import type { KnownAction, ResourceType } from '../actions.ts'
import type { Written } from '../reading/written-policy.ts'
import { quoted } from '../strict-json.ts'
import { listed } from './grant-rules.ts'
import {
  withoutVariables,
  type LintedPolicy,
  type LintedStatement,
  type ReportFinding,
} from './linted-policy.ts'

interface Shape {
  readonly services: readonly string[]
  /** How the ARN goes on behind the account. */
  readonly paths: readonly string[]
}

const shapes: Readonly<Record<ResourceType, Shape>> = {
  repository: { services: ['ecr'], paths: ['repository/'] },
  user: { services: ['iam'], paths: ['user/'] },
  group: { services: ['iam'], paths: ['group/'] },
  role: { services: ['iam'], paths: ['role/'] },
  policy: { services: ['iam'], paths: ['policy/'] },
  'oidc-provider': { services: ['iam'], paths: ['oidc-provider/'] },
  principal: { services: ['iam', 'sts'], paths: ['user/', 'role/', 'group/', 'federated-user/'] },
  filter: { services: ['inspector2'], paths: ['owner/'] },
  'signing-profile': { services: ['signer'], paths: ['/signing-profiles/'] },
  'signing-job': { services: ['signer'], paths: ['/signing-jobs/'] },
  'signing-key': { services: ['pratique'], paths: ['signing-key/'] },
  none: { services: [], paths: [] },
}

/** Whether actions and resources of a statement go together, and what the names of resources say. */
export function lintResources(policy: LintedPolicy, report: ReportFinding): void {
  for (const statement of policy.statements) {
    const { resource } = statement.written
    if (policy.kind === 'repository') lintOfRepository(statement, report)
    else if (resource !== undefined) lintFit(policy, statement, report)
    for (const pattern of resource?.patterns ?? []) lintName(pattern, report)
  }
}

function lintOfRepository({ written, read }: LintedStatement, report: ReportFinding): void {
  const { resource, action } = written
  if (resource !== undefined) {
    report('RESOURCE_NOT_PORTABLE', 'ECR refuses Resource in a repository policy', resource.at)
  }
  if (read.action.isNegated) return
  for (const { value, at } of action.patterns) {
    if (!/^ecr:getauthorizationtoken$/i.test(value)) continue
    const message = 'a token is not of a repository, so no repository policy decides on it'
    report('RESOURCE_DOES_NOT_FIT_ACTION', message, at)
  }
}

/** Of an element that is not negated: actions that none of the resources fits, resources that fit no action. */
function lintFit(
  { kind }: LintedPolicy,
  { written, actions }: LintedStatement,
  report: ReportFinding,
): void {
  const { action, resource } = written
  if (action.isNegated || resource === undefined || resource.isNegated || actions.length === 0) {
    return
  }
  const patterns = resource.patterns.map(({ value }) => value)
  const homeless = actions.filter((one) => !patterns.some((pattern) => fits(one, pattern)))
  const isNamed = (one: KnownAction): boolean =>
    action.patterns.some(({ value }) => value.toLowerCase() === one.name.toLowerCase())
  const named = homeless.filter(isNamed)
  if (named.length > 0 && kind !== 'scp') {
    const message = `${listed(named)} is never asked on these resources`
    report('RESOURCE_DOES_NOT_FIT_ACTION', message, resource.at)
  }
  for (const { value, at } of resource.patterns) {
    if (actions.some((one) => fits(one, value))) continue
    if (named.length === actions.length) return
    const message = `none of the actions is asked on ${quoted(value)}`
    report('RESOURCE_DOES_NOT_FIT_ACTION', message, at)
  }
}

/** Whether a pattern may cover a resource of the action's type; where wildcards leave it open, it may. */
function fits({ resource }: KnownAction, pattern: string): boolean {
  if (pattern === '*') return true
  const [, , service = '*', , , ...rest] = pattern.split(':')
  const path = rest.length === 0 ? '*' : rest.join(':')
  const [literal = ''] = path.split(/[*?]|\$\{/, 1)
  const isOpen = literal !== path
  const { services, paths } = shapes[resource]
  return (
    services.some((one) => /[*?]/.test(service) || service === one) &&
    paths.some((one) => literal.startsWith(one) || (isOpen && one.startsWith(literal)))
  )
}

function lintName({ value, at }: Written, report: ReportFinding): void {
  const [, name] = /^arn:[^:]*:ecr:[^:]*:[^:]*:repository\/(.*)$/s.exec(value) ?? []
  if (name === undefined) return
  if (/[a-z0-9]\*$/.test(name)) {
    report('PREFIX_WITHOUT_SLASH', `${quoted(value)} covers every name that begins so`, at)
  }
  if (/[A-Z]/.test(withoutVariables(name))) {
    report('UPPERCASE_REPOSITORY', `${quoted(value)} is the name of no repository`, at)
  }
}
