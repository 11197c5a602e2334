import { attachedPoliciesOf } from '../../../access/attached-policies.ts'
import { listAttachedPolicyArns } from '../../../access/attachment-store.ts'
import { listIdentityTags } from '../../../access/identity-tag-store.ts'
import { listInlinePolicies } from '../../../access/inline-policy-store.ts'
import type { DetailEntry } from '../../../access/list-authorization-details.ts'
import { listPolicyVersions } from '../../../access/managed-policy-versions.ts'
import type { PolicySummary } from '../../../access/managed-policies.ts'
import { listGroupsOfUser } from '../../../access/policy-owner-store.ts'
import { presentNames } from '../../../access/resolve-principals.ts'
import type { Role } from '../../../access/role-store.ts'
import type { User } from '../../../access/user-store.ts'
import type { AccountId } from '../../../policy/account-id.ts'
import { renamePrincipals } from '../../../policy/rename-principals.ts'
import type { SqlReader } from '../../../storage/database/database.ts'
import type { QueryStructure } from '../protocol/query-xml.ts'
import { encodedDocument } from './policy-document.ts'
import { policyShape, versionShape } from './policy-shape.ts'
import {
  boundaryShape,
  groupShape,
  lastUsedShape,
  roleShape,
  tagList,
  userShape,
} from './shapes.ts'

/** The four lists of GetAccountAuthorizationDetails, each with those of its kind. */
export async function detailsShape(
  reader: SqlReader,
  account: AccountId,
  entries: readonly DetailEntry[],
): Promise<QueryStructure> {
  const lists = {
    UserDetailList: new Array<QueryStructure>(),
    GroupDetailList: new Array<QueryStructure>(),
    RoleDetailList: new Array<QueryStructure>(),
    Policies: new Array<QueryStructure>(),
  }
  for (const { kind, entity } of entries) {
    switch (kind) {
      case 'user':
        lists.UserDetailList.push(await userDetail(reader, entity))
        break
      case 'group':
        lists.GroupDetailList.push({
          ...groupShape(entity),
          GroupPolicyList: await inlineDetails(reader, entity.id),
          AttachedManagedPolicies: await attachedDetails(reader, entity.id),
        })
        break
      case 'role':
        lists.RoleDetailList.push(await roleDetail(reader, entity))
        break
      case 'own-policy':
      case 'aws-policy':
        lists.Policies.push(await policyDetail(reader, account, entity))
    }
  }
  return lists
}

async function userDetail(reader: SqlReader, user: User): Promise<QueryStructure> {
  const groups = await listGroupsOfUser(reader, user.id)
  return {
    ...userShape(user),
    UserPolicyList: await inlineDetails(reader, user.id),
    GroupList: groups.map(({ name }) => name),
    AttachedManagedPolicies: await attachedDetails(reader, user.id),
    ...boundaryShape(user.boundaryArn),
    Tags: tagList(await listIdentityTags(reader, user.id)),
  }
}

async function roleDetail(reader: SqlReader, role: Role): Promise<QueryStructure> {
  const names = await presentNames(reader, role.trust.principals)
  const whole = roleShape(role, renamePrincipals(role.trust.document, names))
  // The model of this answer has not these two.
  const { Description: _description, MaxSessionDuration: _seconds, ...shape } = whole
  return {
    ...shape,
    InstanceProfileList: [],
    RolePolicyList: await inlineDetails(reader, role.id),
    AttachedManagedPolicies: await attachedDetails(reader, role.id),
    ...boundaryShape(role.boundaryArn),
    Tags: tagList(await listIdentityTags(reader, role.id)),
    ...lastUsedShape(role),
  }
}

async function policyDetail(
  reader: SqlReader,
  account: AccountId,
  policy: PolicySummary,
): Promise<QueryStructure> {
  const versions = await listPolicyVersions({ reader }, { account, arn: policy.arn })
  return {
    ...policyShape(policy),
    Description: policy.description,
    PolicyVersionList: versions.map((version) => ({
      Document: encodedDocument(version.document),
      ...versionShape(version),
    })),
  }
}

async function inlineDetails(
  reader: SqlReader,
  ownerId: string,
): Promise<readonly QueryStructure[]> {
  const policies = await listInlinePolicies(reader, ownerId)
  return policies.map(({ name, document }) => ({
    PolicyName: name,
    PolicyDocument: encodedDocument(document),
  }))
}

async function attachedDetails(
  reader: SqlReader,
  ownerId: string,
): Promise<readonly QueryStructure[]> {
  const attached = attachedPoliciesOf(await listAttachedPolicyArns(reader, ownerId))
  return attached.map(({ name, arn }) => ({ PolicyName: name, PolicyArn: arn }))
}
