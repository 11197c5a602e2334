// Who there is, with which policies and keys. By IAM's API alone.
import {
  GetAccessKeyLastUsedCommand,
  GetAccountSummaryCommand,
  ListAccessKeysCommand,
  paginateGetAccountAuthorizationDetails,
  paginateListUsers,
  type AttachedPolicy,
  type GetAccountAuthorizationDetailsResponse,
  type IAMClient,
  type PolicyDetail,
} from '@aws-sdk/client-iam'
import type {
  AccessKeyEvidence,
  PostureEvidence,
  PrincipalEvidence,
} from '../../src/posture/rules/evidence.ts'
import { exitCodes, Failure } from '../failure.ts'
import { tell } from './told.ts'

const maxPrincipals = 20_000

type IdentityEvidence = Pick<PostureEvidence, 'principals' | 'accessKeys' | 'rootKeys'>

export async function readIdentities(iam: IAMClient): Promise<IdentityEvidence> {
  return {
    principals: await tell('iam:GetAccountAuthorizationDetails', () => readPrincipals(iam)),
    accessKeys: await tell('iam:ListAccessKeys', () => readKeys(iam)),
    rootKeys: await tell('iam:GetAccountSummary', async () => {
      const { SummaryMap: summary } = await iam.send(new GetAccountSummaryCommand({}))
      const present = summary?.AccountAccessKeysPresent
      if (present === undefined) throw new Failure(exitCodes.error, 'it is not told')
      return present > 0
    }),
  }
}

type Details = GetAccountAuthorizationDetailsResponse

async function readPrincipals(iam: IAMClient): Promise<readonly PrincipalEvidence[]> {
  const pages: Details[] = []
  let count = 0
  const filter = {
    Filter: ['User' as const, 'Group' as const, 'Role' as const, 'LocalManagedPolicy' as const],
  }
  for await (const page of paginateGetAccountAuthorizationDetails({ client: iam }, filter)) {
    pages.push(page)
    count += [page.UserDetailList, page.GroupDetailList, page.RoleDetailList].flat().length
    if (count > maxPrincipals)
      throw new Failure(exitCodes.error, `there are more than ${maxPrincipals} identities`)
  }
  const texts = new Map(
    pages.flatMap(({ Policies = [] }) =>
      Policies.map((one) => [one.Arn ?? '', textOf(one)] as const),
    ),
  )
  return pages.flatMap((page) => principalsIn(page, texts))
}

function principalsIn(
  { UserDetailList = [], GroupDetailList = [], RoleDetailList = [] }: Details,
  texts: ReadonlyMap<string, string>,
): readonly PrincipalEvidence[] {
  return [
    ...UserDetailList.map(({ UserName, Arn, UserPolicyList, AttachedManagedPolicies }) => ({
      kind: 'user' as const,
      ...named(UserName, Arn),
      ...policiesOf(UserPolicyList, AttachedManagedPolicies, texts),
      trust: undefined,
    })),
    ...GroupDetailList.map(({ GroupName, Arn, GroupPolicyList, AttachedManagedPolicies }) => ({
      kind: 'group' as const,
      ...named(GroupName, Arn),
      ...policiesOf(GroupPolicyList, AttachedManagedPolicies, texts),
      trust: undefined,
    })),
    ...RoleDetailList.map((role) => ({
      kind: 'role' as const,
      ...named(role.RoleName, role.Arn),
      ...policiesOf(role.RolePolicyList, role.AttachedManagedPolicies, texts),
      trust: decoded(role.AssumeRolePolicyDocument),
    })),
  ]
}

function named(name = '', arn = ''): Pick<PrincipalEvidence, 'name' | 'arn'> {
  return { name, arn }
}

/** AWS's own policies are known by name; their texts are not read. */
function policiesOf(
  inline: readonly PolicyDetail[] = [],
  attached: readonly AttachedPolicy[] = [],
  texts: ReadonlyMap<string, string>,
): Pick<PrincipalEvidence, 'policies' | 'managed'> {
  const own = attached.flatMap(({ PolicyArn = '', PolicyName: name = '' }) => {
    const text = texts.get(PolicyArn)
    return text === undefined ? [] : [{ name, text }]
  })
  const managed = attached.filter(({ PolicyArn = '' }) => !texts.has(PolicyArn))
  return {
    policies: [
      ...inline.map(({ PolicyName: name = '', PolicyDocument }) => ({
        name,
        text: decoded(PolicyDocument),
      })),
      ...own,
    ],
    managed: managed.map(({ PolicyName = '' }) => PolicyName),
  }
}

function textOf({ PolicyVersionList = [] }: NonNullable<Details['Policies']>[number]): string {
  const version = PolicyVersionList.find(({ IsDefaultVersion }) => IsDefaultVersion === true)
  return decoded(version?.Document)
}

/** IAM writes documents as parts of a URL. */
function decoded(text = ''): string {
  try {
    return decodeURIComponent(text)
  } catch {
    return text
  }
}

async function readKeys(iam: IAMClient): Promise<readonly AccessKeyEvidence[]> {
  const keys: AccessKeyEvidence[] = []
  for await (const { Users = [] } of paginateListUsers({ client: iam, pageSize: 1000 }, {}))
    for (const { UserName: user = '' } of Users) {
      const { AccessKeyMetadata = [] } = await iam.send(
        new ListAccessKeysCommand({ UserName: user }),
      )
      for (const { AccessKeyId: id = '', Status, CreateDate } of AccessKeyMetadata)
        keys.push({
          user,
          id,
          isActive: Status !== 'Inactive',
          createdAt: CreateDate?.getTime(),
          lastUsedAt: await tell('iam:GetAccessKeyLastUsed', () => lastUse(iam, id)),
        })
      if (keys.length > maxPrincipals)
        throw new Failure(exitCodes.error, `there are more than ${maxPrincipals} access keys`)
    }
  return keys
}

async function lastUse(iam: IAMClient, id: string): Promise<number | undefined> {
  const command = new GetAccessKeyLastUsedCommand({ AccessKeyId: id })
  const { AccessKeyLastUsed } = await iam.send(command)
  return AccessKeyLastUsed?.LastUsedDate?.getTime()
}
