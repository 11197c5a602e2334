import { findAction, knownActions, type KnownAction } from '../actions.ts'
import { serviceOfAction } from '../reading/action-text.ts'
import type { Written } from '../reading/written-policy.ts'
import { quoted } from '../strict-json.ts'
import { listed } from './grant-rules.ts'
import {
  actionsOf,
  hintAt,
  type LintedPolicy,
  type LintedStatement,
  type ReportFinding,
} from './linted-policy.ts'

const services = new Set(knownActions.map(({ name }) => serviceOfAction(name)))

const uploading = known([
  'ecr:InitiateLayerUpload',
  'ecr:UploadLayerPart',
  'ecr:CompleteLayerUpload',
  'ecr:PutImage',
])
/** Clients look for what is there before they push. */
const push = [...uploading, ...known(['ecr:BatchCheckLayerAvailability', 'ecr:BatchGetImage'])]
const pull = known(['ecr:BatchGetImage', 'ecr:GetDownloadUrlForLayer'])
const signIn = known(['ecr:GetAuthorizationToken'])

/** The actions that a policy names: whether they exist, and whether they are enough. */
export function lintActions(policy: LintedPolicy, report: ReportFinding): void {
  for (const statement of policy.statements) {
    for (const pattern of statement.written.action.patterns) lintPattern(pattern, report)
    lintWidth(policy, statement, report)
    lintUse(statement, report)
  }
  if (policy.kind === 'identity' || policy.kind === 'repository') lintSets(policy, report)
}

function lintPattern({ value, at }: Written, report: ReportFinding): void {
  const service = serviceOfAction(value)
  if (service === '*') return
  if (!services.has(service)) {
    report('UNKNOWN_SERVICE', `${quoted(value)} is of no service of this registry`, at)
  } else if (actionsOf({ isNegated: false, patterns: [value] }).length === 0) {
    const hint = hintAt(value, knownActions)
    report('UNKNOWN_ACTION', `${quoted(value)} is no action of this registry${hint}`, at)
  }
  if (service === 'pratique') {
    report('PRATIQUE_KEY_NOT_PORTABLE', `${quoted(value)} is of this registry alone`, at)
  }
}

function lintWidth(
  { kind }: LintedPolicy,
  { isAllow, written }: LintedStatement,
  report: ReportFinding,
): void {
  if (!isAllow || written.action.isNegated || kind === 'scp' || kind === 'rcp') return
  for (const { value, at } of written.action.patterns) {
    if (!/^(?:ecr|iam|sts):\*$/i.test(value)) continue
    report('OVER_WIDE_ACTION', `${quoted(value)} allows every operation there is`, at)
  }
}

/** A Deny of nothing looks like protection. */
function lintUse(
  { isAllow, actions, written, tests }: LintedStatement,
  report: ReportFinding,
): void {
  if (isAllow) return
  const { principal, action, at } = written
  const sparesEveryone =
    principal?.isNegated === true && principal.members.some(({ form }) => form.kind === 'everyone')
  const needsNothing = tests.some(
    ({ key, operator, written: { values } }) =>
      operator?.operator === 'Null' &&
      key?.presence === 'always' &&
      values.every(({ value }) => value.toLowerCase() === 'true'),
  )
  const namesOwn = action.patterns.some(({ value }) => services.has(serviceOfAction(value)))
  if (sparesEveryone) report('UNUSED_DENY', 'NotPrincipal "*" spares everybody', at)
  else if (needsNothing) {
    report('UNUSED_DENY', 'it asks for a request without a key that every request has', at)
  } else if (actions.length === 0 && (namesOwn || action.isNegated)) {
    report('UNUSED_DENY', 'no operation of this registry is one of its actions', at)
  }
}

function lintSets({ kind, statements }: LintedPolicy, report: ReportFinding): void {
  const allowing = statements.filter(({ isAllow }) => isAllow)
  const allowed = new Set(allowing.flatMap(({ actions }) => actions))
  const more = kind === 'identity' ? signIn : []
  const pushing = allowing.find(({ actions }) => actions.some((one) => uploading.includes(one)))
  const pulling = allowing.find(({ actions }) => actions.some((one) => pull.includes(one)))
  const isMissing = (action: KnownAction): boolean => !allowed.has(action)
  if (pushing !== undefined) {
    const missing = [...push, ...more].filter(isMissing)
    if (missing.length === 0) return
    const message = `a push also needs ${listed(missing)}`
    report('INCOMPLETE_PUSH_SET', message, pushing.written.action.at)
  } else if (pulling !== undefined) {
    const missing = [...pull, ...more].filter(isMissing)
    if (missing.length === 0) return
    const message = `a pull also needs ${listed(missing)}`
    report('INCOMPLETE_PULL_SET', message, pulling.written.action.at)
  }
}

function known(names: readonly string[]): readonly KnownAction[] {
  return names.map(findAction).filter((action) => action !== undefined)
}
