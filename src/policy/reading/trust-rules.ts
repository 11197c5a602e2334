// Purpose:  may this statement stand in a role's trust policy?
// Spec:     IAM User Guide, "IAM roles: trust policies" and "Creating a role for OpenID Connect federation".
// Input:    a statement that was read; who it trusts may be anybody.
// Deviates: a role that any account of a public provider may take is refused, not only warned of.
// Unknowns: a subject whose beginning is open → refused.
import { quoted } from '../strict-json.ts'
import type { Report } from './faults.ts'
import type {
  WrittenCondition,
  WrittenPatterns,
  WrittenPrincipal,
  WrittenStatement,
} from './written-policy.ts'

/** In lower case; the last three only accompany one of the first. */
const trustActions = new Set([
  'sts:assumerole',
  'sts:assumerolewithwebidentity',
  'sts:assumerolewithsaml',
  'sts:tagsession',
  'sts:setsourceidentity',
])

/** Reports what is wrong with a statement of a trust policy. */
export function judgeTrust(statement: WrittenStatement, report: Report): void {
  const { action, principal, effect } = statement
  if (action.isNegated) {
    const problem = 'NotAction trusts with every operation but a few'
    report('UNSUPPORTED_ACTION_IN_TRUST_POLICY', problem, action.at)
    return
  }
  for (const { value, at } of action.patterns) {
    if (trustActions.has(value.toLowerCase())) continue
    const problem = `${quoted(value)} is no operation by which a role is taken`
    report('UNSUPPORTED_ACTION_IN_TRUST_POLICY', problem, at)
  }
  if (principal?.isNegated !== false || effect !== 'Allow') return
  judgeMatch(action, principal.members, report)
  judgeSubjects(statement, principal.members, report)
}

/** Each action of an Allow needs a principal that can ask for it. */
function judgeMatch(
  action: WrittenPatterns,
  members: readonly WrittenPrincipal[],
  report: Report,
): void {
  const kinds = members.map(({ form }) => form.kind)
  if (kinds.length === 0) return
  const hasProvider = kinds.includes('oidc-provider')
  const hasOther = kinds.some((kind) => kind !== 'oidc-provider')
  for (const { value, at } of action.patterns) {
    const name = value.toLowerCase()
    const isMatched =
      (name !== 'sts:assumerole' || hasOther) &&
      (name !== 'sts:assumerolewithwebidentity' || hasProvider) &&
      name !== 'sts:assumerolewithsaml'
    if (isMatched) continue
    const problem = `no principal of this statement can ask for ${quoted(value)}`
    report('MISMATCHED_ACTION_FOR_PRINCIPAL', problem, at)
  }
}

function judgeSubjects(
  { action, conditions }: WrittenStatement,
  members: readonly WrittenPrincipal[],
  report: Report,
): void {
  const names = action.patterns.map(({ value }) => value.toLowerCase())
  if (!names.includes('sts:assumerolewithwebidentity')) return
  for (const { form, at } of members) {
    if (form.kind !== 'oidc-provider') continue
    const host = form.arn.slice(form.arn.indexOf('/') + 1)
    const key = `${host}:sub`
    const tests = conditions.filter((test) => isSubjectTest(test, key))
    if (tests.length === 0) {
      const problem = `no condition holds ${quoted(key)} to a value`
      report('MISSING_CONDITION_KEY_FOR_OIDC_PRINCIPAL', problem, at)
    }
    for (const test of tests) judgeSubject(test, host, report)
  }
}

/** Only a positive test that a missing claim fails says who is meant. */
function isSubjectTest({ operator, key }: WrittenCondition, wanted: string): boolean {
  const isPositive = /^(?:ForAnyValue:)?String(?:Equals|EqualsIgnoreCase|Like)$/.test(operator)
  return isPositive && key.toLowerCase() === wanted.toLowerCase()
}

function judgeSubject({ operator, values }: WrittenCondition, host: string, report: Report): void {
  const hasWildcards = operator.endsWith('Like')
  for (const { value, at } of values) {
    if (hasWildcards && /^[*?]/.test(value)) {
      report('OIDC_SUBJECT_TOO_WIDE', `${quoted(value)} begins with a wildcard`, at)
    } else if (isGitHub(host) && !namesRepository(value)) {
      const problem = `${quoted(value)} names no repository of GitHub`
      report('MISSING_GITHUB_REPO_CONDITION_KEY', problem, at)
    }
  }
}

function isGitHub(host: string): boolean {
  return /^token\.actions\.githubusercontent\.com(?:\/|$)|\/_services\/token$/i.test(host)
}

/** `repo:ORGANISATION/REPOSITORY`, the organisation whole and the repository at least begun; other claims may stand before. */
function namesRepository(subject: string): boolean {
  return /(?:^|:)repo:[A-Za-z0-9._-]+\/[A-Za-z0-9._-]/.test(subject)
}
