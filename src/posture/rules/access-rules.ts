// Purpose:  who may do what to repositories that nobody meant to let?
// Spec:     our own (docs/posture.md); IAM User Guide, "AWS JSON policy elements"; public grants as IAM Access Analyzer understands them.
// Input:    repository policies as texts, the principals of the account.
// Deviates: a principal of another account is not looked up: AWS writes a unique id in the place of one that is gone.
// Unknowns: a policy that cannot be wholly understood; principals that may not be listed.
import type { PolicyDocument, Statement } from '../../policy/document.ts'
import { isPublicGrant } from '../../policy/public-grant.ts'
import { lintPolicy } from '../../policy/lint/lint-policy.ts'
import type { Expectations, PostureEvidence, RepositoryEvidence } from './evidence.ts'
import {
  changingActions,
  coveredActions,
  foreignGrants,
  hasWildcardAction,
  readPolicy,
  statementName,
} from './grants.ts'
import { eachRepository, fail, fewOf, pass, tellingOf, unknown } from './per-resource.ts'
import type { Judgement, PostureRule } from './posture-rule.ts'
import { ecrGuide, isNamed } from './repository-rules.ts'

const evidence = ['ecr:DescribeRepositories', 'ecr:GetRepositoryPolicy']
const references = [`${ecrGuide}/repository-policies.html`]
const remedy =
  'aws ecr set-repository-policy --repository-name {repository} --policy-text file://policy.json'

export const accessRules: readonly PostureRule[] = [
  {
    id: 'REG-006',
    title: 'Repository is not public',
    severity: 'critical',
    why: 'Anybody could pull the images, or push others, without being known.',
    evidence,
    judge: (told) => eachPolicy(told, judgePublic),
    remedy: 'aws ecr delete-repository-policy --repository-name {repository}',
    equivalents: [
      { tool: 'Prowler', id: 'ecr_repositories_not_publicly_accessible' },
      { tool: 'Checkov', id: 'CKV_AWS_32' },
      { tool: 'Trivy', id: 'AWS-0032' },
      { tool: 'Cloud Custodian', id: 'cross-account' },
    ],
    references,
  },
  {
    id: 'REG-007',
    title: 'Grants across accounts are to known accounts only',
    severity: 'high',
    why: 'An account that nobody here knows keeps its rights when whoever asked for them is long gone.',
    evidence,
    judge: (told) =>
      eachForeign(told, (grants) => {
        const known = new Set(told.expectations.accounts)
        const strange = distinct(grants.map(({ account }) => account)).filter(
          (one) => !known.has(one),
        )
        return strange.length === 0
          ? pass(
              `grants to known accounts: ${fewOf(distinct(grants.map(({ account }) => account)))}`,
            )
          : fail(`grants to accounts that the rules file does not list: ${fewOf(strange)}`)
      }),
    remedy,
    equivalents: [{ tool: 'Cloud Custodian', id: 'cross-account' }],
    references,
  },
  {
    id: 'REG-008',
    title: 'Grants across accounts do not include pushes or changes of policies',
    severity: 'high',
    why: 'Whoever can push from another account decides what runs in this one.',
    evidence,
    judge: (told) =>
      eachForeign(told, (grants) => {
        const found = grants.flatMap(({ account, statement }) => {
          const actions = changingActions(statement)
          return actions.length === 0
            ? []
            : [`${statementName(statement)} lets account ${account} do ${fewOf(actions)}`]
        })
        return found.length === 0 ? pass('other accounts only read') : fail(fewOf(found))
      }),
    remedy,
    equivalents: [],
    references,
  },
  {
    id: 'REG-009',
    title: 'Policy has no wildcard action for another account',
    severity: 'high',
    why: 'It grants what the service learns to do tomorrow.',
    evidence,
    judge: (told) =>
      eachForeign(told, (grants) => {
        const wide = grants.filter(({ statement }) => hasWildcardAction(statement))
        return wide.length === 0
          ? pass('other accounts have actions by name')
          : fail(
              fewOf(
                wide.map(
                  ({ account, statement }) =>
                    `${statementName(statement)} lets account ${account} do everything`,
                ),
              ),
            )
      }),
    remedy,
    equivalents: [
      { tool: 'KICS', id: 'ECR repository policies with wildcard actions (id unverified)' },
    ],
    references,
  },
  {
    id: 'REG-010',
    title: 'Pushes to protected repositories are denied to all but CI',
    severity: 'medium',
    why: 'A person with wide rights can push from a laptop what no pipeline has seen.',
    evidence,
    judge: (told) =>
      eachRepository(told, (repository) =>
        isNamed(repository.name, told.expectations.protected)
          ? tellingOf(repository.policy, (text) => judgeProtection(text, told.expectations))
          : undefined,
      ),
    remedy,
    equivalents: [],
    references,
  },
  {
    id: 'REG-011',
    title: 'Policy names only principals that exist',
    severity: 'medium',
    why: 'Whoever makes a principal of that name anew may get what the old one had.',
    evidence: [...evidence, 'iam:GetAccountAuthorizationDetails'],
    judge: judgePrincipals,
    remedy,
    equivalents: [],
    references,
  },
  {
    id: 'REG-012',
    title: 'Policy grants no actions that do not exist',
    severity: 'low',
    why: 'A misspelt action looks like a right, or like a protection, that is not there.',
    evidence,
    judge: (told) =>
      eachRepository(told, ({ policy }) =>
        tellingOf(policy, (text) => {
          if (text === undefined) return undefined
          const found = lintPolicy(text, 'repository')
          const unread = found.find(({ severity }) => severity === 'ERROR')
          if (unread !== undefined && readPolicy(text, 'repository') === undefined)
            return unknown(`its policy cannot be read: ${unread.message}`)
          const strange = found.filter(
            ({ code }) => code === 'UNKNOWN_ACTION' || code === 'UNKNOWN_SERVICE',
          )
          return strange.length === 0
            ? pass('its policy names actions that exist')
            : fail(fewOf(strange.map(({ message }) => message)))
        }),
      ),
    remedy: 'pratique policy lint policy.json',
    equivalents: [],
    references: ['https://github.com/duo-labs/parliament'],
  },
  {
    id: 'REG-030',
    title: 'No pushes without a scan or a signature on their way',
    severity: 'medium',
    why: 'What is pushed there meets nobody who looks at it before it runs.',
    evidence: [
      'ecr:DescribeRepositories',
      'ecr:BatchGetRepositoryScanningConfiguration',
      'ecr:GetSigningConfiguration',
    ],
    judge: judgePath,
    remedy:
      'aws ecr put-image-scanning-configuration --repository-name {repository} --image-scanning-configuration scanOnPush=true',
    equivalents: [],
    references: [`${ecrGuide}/image-scanning.html`],
  },
]

type Look = ReturnType<typeof pass>

/** Without a policy nobody is let in by one. */
function eachPolicy(
  told: PostureEvidence,
  look: (document: PolicyDocument, repository: RepositoryEvidence) => Look | undefined,
): Judgement {
  return eachRepository(told, (repository) =>
    tellingOf(repository.policy, (text) => {
      if (text === undefined) return pass('has no policy')
      const document = readPolicy(text, 'repository')
      return document === undefined
        ? unknown('its policy cannot be wholly understood')
        : look(document, repository)
    }),
  )
}

function eachForeign(
  told: PostureEvidence,
  look: (grants: ReturnType<typeof foreignGrants>) => Look,
): Judgement {
  if (told.account.kind !== 'told') return told.account
  const own = told.account.value
  return eachPolicy(told, (document) => {
    const grants = foreignGrants(document, own)
    return grants.length === 0 ? pass('grants nothing to other accounts') : look(grants)
  })
}

function judgePublic(document: PolicyDocument): Look {
  const open = document.statements.filter(isOpen)
  if (open.length === 0) return pass('its policy lets in nobody who is not known')
  const names = open.map(
    (one) =>
      `${statementName(one)} lets everybody do ${fewOf(coveredActions(one).filter((name) => name.startsWith('ecr:')))}`,
  )
  return fail(fewOf(names))
}

function isOpen(statement: Statement): boolean {
  if (isPublicGrant(statement)) return true
  // Everybody but those it lists, whatever its conditions say.
  return statement.effect === 'Allow' && statement.principal?.isNegated === true
}

/** The Deny of a push for everybody whose ARN is not one of a few. */
function judgeProtection(text: string | undefined, { ci }: Expectations): Look {
  if (text === undefined) return fail('is protected and has no policy: every right to push counts')
  const document = readPolicy(text, 'repository')
  if (document === undefined) return unknown('its policy cannot be wholly understood')
  const denies = document.statements.filter(deniesPushes)
  if (denies.length === 0) return fail('no statement denies pushes to all but CI')
  const spared = denies.flatMap(({ conditions }) => conditions.flatMap(({ values }) => values))
  const strange = ci.length === 0 ? [] : spared.filter((value) => !isNamed(value, ci))
  return strange.length === 0
    ? pass(`pushes are denied to all but ${fewOf(spared)}`)
    : fail(`spares more than CI: ${fewOf(strange)}`)
}

function deniesPushes(statement: Statement): boolean {
  const { effect, principal, conditions } = statement
  const isForAll =
    principal?.isNegated === false && principal.members.some(({ kind }) => kind === 'everyone')
  if (effect !== 'Deny' || !isForAll || !coveredActions(statement).includes('ecr:PutImage'))
    return false
  // With a second condition somebody else would be spared too.
  const [condition, ...more] = conditions
  if (condition === undefined || more.length > 0) return false
  const isNegated = /^(?:Arn|String)Not(?:Like|Equals)$/.test(condition.operator)
  return isNegated && condition.key.toLowerCase() === 'aws:principalarn'
}

function judgePrincipals(told: PostureEvidence): Judgement {
  const { account, principals } = told
  if (account.kind !== 'told') return account
  return eachPolicy(told, (document) => {
    const members = document.statements.flatMap(({ principal }) => principal?.members ?? [])
    const ids = members.flatMap((form) => (form.kind === 'unique-id' ? [form.id] : []))
    const own = members.flatMap((form) =>
      (form.kind === 'user' || form.kind === 'role') && form.account === account.value
        ? [form.arn]
        : [],
    )
    if (ids.length > 0) return fail(`names who is gone, by id: ${fewOf(distinct(ids))}`)
    if (own.length === 0) return pass('names nobody of this account by name')
    if (principals.kind === 'unknown') return unknown(principals.why, principals.action)
    if (principals.kind === 'not-applicable') return undefined
    const known = new Set(principals.value.map(({ arn }) => arn))
    const gone = distinct(own).filter((arn) => !known.has(arn))
    return gone.length === 0
      ? pass('everybody whom it names is there')
      : fail(`names who is not there: ${fewOf(gone)}`)
  })
}

function judgePath({ signing, ...told }: PostureEvidence): Judgement {
  return eachRepository({ ...told, signing }, ({ name, scanFrequency }) => {
    if (scanFrequency.kind === 'told' && scanFrequency.value !== 'MANUAL')
      return pass('pushes are scanned')
    if (signing.kind === 'told' && isNamed(name, signing.value)) return pass('pushes are signed')
    if (scanFrequency.kind === 'unknown') return unknown(scanFrequency.why, scanFrequency.action)
    if (signing.kind === 'unknown') return unknown(signing.why, signing.action)
    return fail(
      'pushes are neither scanned nor signed; what a pipeline does before is not visible here',
    )
  })
}

function distinct(names: readonly string[]): readonly string[] {
  return [...new Set(names)]
}
