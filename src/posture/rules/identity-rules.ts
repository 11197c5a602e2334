// Purpose:  whose credentials are old, too many or too mighty?
// Spec:     our own (docs/posture.md); IAM User Guide, "Security best practices in IAM".
// Input:    principals with their policies as texts, access keys, and what is known of root.
// Deviates: nothing.
// Unknowns: a policy that cannot be wholly understood, and when a key was used where that may not be asked.
import type { Statement } from '../../policy/document.ts'
import { hostOfKey } from '../../policy/lint/oidc-subjects.ts'
import { isPublicGrant, restrictsCaller } from '../../policy/public-grant.ts'
import type { AccessKeyEvidence, PostureEvidence, PrincipalEvidence } from './evidence.ts'
import { coveredActions, readPolicy } from './grants.ts'
import { withoutSaml } from './saml-trust.ts'
import { daysSince, fail, fewOf, judged, pass, unknown, whenTold } from './per-resource.ts'
import type { Judgement, PostureRule, Seen } from './posture-rule.ts'

const references = ['https://docs.aws.amazon.com/IAM/latest/UserGuide/best-practices.html']

export const identityRules: readonly PostureRule[] = [
  {
    id: 'REG-027',
    title: 'Access keys are younger than 90 days, in use, and one for each user',
    severity: 'medium',
    why: 'A key that nobody changes or uses is found by somebody else first.',
    evidence: ['iam:ListUsers', 'iam:ListAccessKeys', 'iam:GetAccessKeyLastUsed'],
    judge: ({ accessKeys, now }) =>
      whenTold(accessKeys, (all) => {
        const active = all.filter(({ isActive }) => isActive)
        return judged(
          active.map((key) => judgeKey(key, active, now)),
          'nobody has an active access key',
        )
      }),
    remedy: 'pratique key delete {key} --user {user}',
    equivalents: [],
    references,
  },
  {
    id: 'REG-028',
    title: 'Root has no access keys and is not used',
    severity: 'critical',
    why: 'No policy limits root, so its key is every right there is.',
    evidence: ['iam:GetAccountSummary', 'pratique:SearchAuditLog'],
    judge: judgeRoot,
    remedy: 'aws iam delete-access-key --access-key-id KEY_OF_ROOT',
    equivalents: [],
    references,
  },
  {
    id: 'REG-029',
    title: 'No identity policy allows all of ECR everywhere, and no role lets in anybody',
    severity: 'high',
    why: 'Whoever takes over one such identity has the registry.',
    evidence: ['iam:GetAccountAuthorizationDetails'],
    judge: ({ principals }) =>
      whenTold(principals, (all) => judged(all.flatMap(judgePrincipal), 'there are no identities')),
    remedy: 'pratique {kind} detach {name} {policy}',
    equivalents: [],
    references,
  },
]

const oldDays = 90
const unusedDays = 45

function judgeKey(key: AccessKeyEvidence, active: readonly AccessKeyEvidence[], now: number): Seen {
  const { user, id, createdAt, lastUsedAt } = key
  const rest = { resource: `${user}/${id}`, values: { user, key: id } }
  const age = createdAt === undefined ? undefined : daysSince(createdAt, now)
  const isOneOfTwo = active.filter((other) => other.user === user).length > 1
  const faults = [
    ...(age !== undefined && age > oldDays ? [`is ${age} days old`] : []),
    ...idleWords(key, now),
    ...(isOneOfTwo ? ['is one of two active ones'] : []),
  ]
  if (faults.length > 0) return { ...fail(faults.join(', ')), ...rest }
  if (lastUsedAt.kind === 'unknown')
    return { ...unknown(lastUsedAt.why, lastUsedAt.action), ...rest }
  return age === undefined
    ? { ...unknown('its age is not told'), ...rest }
    : { ...pass(`is ${age} days old and in use`), ...rest }
}

/** One that was never used is idle since it was made. */
function idleWords({ createdAt, lastUsedAt }: AccessKeyEvidence, now: number): readonly string[] {
  const used = lastUsedAt.kind === 'told' ? (lastUsedAt.value ?? createdAt) : undefined
  const idle = used === undefined ? 0 : daysSince(used, now)
  return idle > unusedDays ? [`was not used for ${idle} days`] : []
}

function judgeRoot({ rootKeys, rootUse, now }: PostureEvidence): Judgement {
  const parts: readonly (readonly [string, ReturnType<typeof pass>])[] = [
    [
      'keys of root',
      rootKeys.kind === 'told'
        ? rootKeys.value
          ? fail('root has access keys')
          : pass('root has no access keys')
        : unknown(rootKeys.why, 'action' in rootKeys ? rootKeys.action : undefined),
    ],
    [
      'use of root',
      rootUse.kind === 'told'
        ? rootUse.value === undefined
          ? pass('nothing was done as root lately')
          : fail(`root did something ${daysSince(rootUse.value, now)} days ago`)
        : unknown(rootUse.why, 'action' in rootUse ? rootUse.action : undefined),
    ],
  ]
  return {
    kind: 'judged',
    seen: parts.map(([resource, look]) => ({ resource, ...look, values: {} })),
  }
}

const trustRemedy =
  'aws iam update-assume-role-policy --role-name {name} --policy-document file://trust.json'

/** AWS's own policies that allow all of ECR on everything. */
const wideManaged = [
  'AdministratorAccess',
  'PowerUserAccess',
  'AmazonEC2ContainerRegistryFullAccess',
]

function judgePrincipal({
  kind,
  name,
  policies,
  managed,
  trust,
}: PrincipalEvidence): readonly Seen[] {
  const read = policies.map((policy) => ({
    ...policy,
    document: readPolicy(policy.text, 'identity'),
  }))
  const wide = [
    ...managed.filter((one) => wideManaged.includes(one)),
    ...read.flatMap((policy) =>
      policy.document?.statements.some(isWide) === true ? [policy.name] : [],
    ),
  ]
  const unread = read.flatMap((policy) => (policy.document === undefined ? [policy.name] : []))
  const rest = { resource: `${kind}/${name}`, values: { kind, name, policy: wide[0] ?? 'POLICY' } }
  const look =
    wide.length > 0
      ? fail(`may do all of ECR everywhere, by ${fewOf(wide)}`)
      : unread.length > 0
        ? unknown(`cannot be wholly understood: ${fewOf(unread)}`)
        : pass('has no policy that allows all of ECR everywhere')
  return [
    { ...look, ...rest },
    ...(trust === undefined
      ? []
      : [
          {
            ...judgeTrust(trust),
            remedy: trustRemedy,
            resource: `${rest.resource} (trust policy)`,
            values: rest.values,
          },
        ]),
  ]
}

function isWide(statement: Statement): boolean {
  const { effect, action, resource, conditions } = statement
  if (effect !== 'Allow' || conditions.length > 0) return false
  const isEverywhere =
    resource === undefined ||
    resource.isNegated ||
    resource.patterns.some((one) => /^\*$|^arn:[^:]*:ecr:[*:]*(?:repository\/)?\*$/.test(one))
  const isAll = action.isNegated
    ? coveredActions(statement).includes('ecr:PutImage')
    : action.patterns.some((one) => /^(?:\*|\*:\*|ecr:\*)$/i.test(one))
  return isEverywhere && isAll
}

function judgeTrust(text: string): ReturnType<typeof pass> {
  const rest = withoutSaml(text)
  if (rest === undefined) return pass('its SAML provider says who may assume it')
  const document = readPolicy(rest, 'trust')
  if (document === undefined) return unknown('its trust policy cannot be wholly understood')
  const faults = document.statements.flatMap((statement) => {
    if (isPublicGrant(statement)) return ['anybody may assume it']
    if (statement.effect !== 'Allow') return []
    const isByToken =
      statement.principal?.members.some(({ kind }) => kind === 'oidc-provider') === true
    return isByToken && !statement.conditions.some(namesSubject)
      ? ['any token of its identity provider may assume it: no condition on sub']
      : []
  })
  return faults.length === 0 ? pass('its trust policy says who may assume it') : fail(fewOf(faults))
}

function namesSubject(condition: Statement['conditions'][number]): boolean {
  const { key } = condition
  return (
    hostOfKey(key) !== undefined && key.toLowerCase().endsWith(':sub') && restrictsCaller(condition)
  )
}
