import { Type } from 'typebox'
import { listIdentityTags } from '../../../access/identity-tag-store.ts'
import { tagIdentity, untagIdentity } from '../../../access/identity-tags.ts'
import { putBoundary } from '../../../access/permissions-boundary.ts'
import { presentNames } from '../../../access/resolve-principals.ts'
import {
  createRole,
  deleteRole,
  requireRole,
  updateRole,
  updateTrust,
} from '../../../access/roles.ts'
import { listRoles, putRoleBoundary, type Role } from '../../../access/role-store.ts'
import { roleArn } from '../../../policy/arn.ts'
import { renamePrincipals } from '../../../policy/rename-principals.ts'
import type { SqlReader } from '../../../storage/database/database.ts'
import { queryOperation, type QueryCall, type QueryOperation } from '../protocol/query-operation.ts'
import type { QueryStructure } from '../protocol/query-xml.ts'
import { ifTagged, tagKeys, tags } from '../protocol/tag-inputs.ts'
import type { IamDeps } from './call.ts'
import {
  arn,
  description,
  document,
  paging,
  path,
  pathPrefix,
  sessionSeconds,
  shortName,
} from './inputs.ts'
import { nameKey, pageOf } from './page.ts'
import { boundaryKeys, requestTagKeys, roleKeys, roleResource, tagsOf } from './resources.ts'
import { boundaryShape, lastUsedShape, roleShape, tagsShape } from './shapes.ts'
import { tagPage } from './tag-page.ts'

const named = Type.Object({ RoleName: shortName })

/** About a role that is there: its ARN, its tags, its boundary. */
const aboutRole = { resources: roleResource, keys: roleKeys }

export const roleOperations: readonly QueryOperation<IamDeps>[] = [
  queryOperation({
    name: 'CreateRole',
    input: Type.Object({
      Path: Type.Optional(path),
      RoleName: shortName,
      AssumeRolePolicyDocument: document,
      Description: Type.Optional(description),
      MaxSessionDuration: Type.Optional(sessionSeconds),
      PermissionsBoundary: Type.Optional(arn),
      Tags: Type.Optional(tags),
    }),
    action: 'iam:CreateRole',
    furtherActions: ifTagged('iam:TagRole'),
    resources: ({ RoleName, Path }, { caller }) => [roleArn(caller.accountId, RoleName, Path)],
    keys: ({ PermissionsBoundary, Tags }) => ({
      ...boundaryKeys(PermissionsBoundary),
      ...requestTagKeys(Tags),
    }),
    run: async (deps: IamDeps, input, { caller }) => {
      const role = await createRole(deps, {
        account: caller.accountId,
        name: input.RoleName,
        path: input.Path ?? '/',
        trustDocument: input.AssumeRolePolicyDocument,
        description: input.Description,
        maxSessionSeconds: input.MaxSessionDuration,
        boundaryArn: input.PermissionsBoundary,
        tags: tagsOf(input.Tags),
      })
      return { Role: await wholeRole(deps, role) }
    },
  }),
  queryOperation({
    name: 'GetRole',
    input: named,
    action: 'iam:GetRole',
    ...aboutRole,
    run: async (deps: IamDeps, input, call) => {
      const role = await roleIn(input, call)(deps.database)
      return { Role: { ...(await wholeRole(deps, role)), ...lastUsedShape(role) } }
    },
  }),
  queryOperation({
    name: 'ListRoles',
    input: Type.Object({ PathPrefix: Type.Optional(pathPrefix), ...paging }),
    action: 'iam:ListRoles',
    resources: ({ PathPrefix = '/' }, { caller }) => [
      `arn:aws:iam::${caller.accountId}:role${PathPrefix}`,
    ],
    run: async (deps: IamDeps, input, call) => {
      const { PathPrefix: prefix = '/' } = input
      const request = { operation: 'ListRoles', call, inputs: prefix, input }
      const read = async (page: { readonly after: string; readonly limit: number }) =>
        listRoles(deps.database, call.caller.accountId, { ...page, pathPrefix: prefix })
      const page = await pageOf(deps, request, read, nameKey)
      const Roles: QueryStructure[] = []
      for (const role of page.entries) Roles.push(await listedRole(deps, role))
      return { Roles, ...page.paging }
    },
  }),
  queryOperation({
    name: 'UpdateRole',
    input: Type.Object({
      RoleName: shortName,
      Description: Type.Optional(description),
      MaxSessionDuration: Type.Optional(sessionSeconds),
    }),
    action: 'iam:UpdateRole',
    ...aboutRole,
    run: async (deps: IamDeps, input, { caller }) => {
      await updateRole(deps, {
        account: caller.accountId,
        name: input.RoleName,
        description: input.Description,
        maxSessionSeconds: input.MaxSessionDuration,
      })
      return {}
    },
  }),
  queryOperation({
    name: 'UpdateRoleDescription',
    input: Type.Object({ RoleName: shortName, Description: description }),
    action: 'iam:UpdateRoleDescription',
    ...aboutRole,
    run: async (deps: IamDeps, input, call) => {
      await updateRole(deps, {
        account: call.caller.accountId,
        name: input.RoleName,
        description: input.Description,
        maxSessionSeconds: undefined,
      })
      return { Role: await wholeRole(deps, await roleIn(input, call)(deps.database)) }
    },
  }),
  queryOperation({
    name: 'UpdateAssumeRolePolicy',
    input: Type.Object({ RoleName: shortName, PolicyDocument: document }),
    action: 'iam:UpdateAssumeRolePolicy',
    ...aboutRole,
    run: async (deps: IamDeps, { RoleName: name, PolicyDocument }, { caller }) => {
      await updateTrust(deps, { account: caller.accountId, name, document: PolicyDocument })
      return undefined
    },
  }),
  queryOperation({
    name: 'DeleteRole',
    input: named,
    action: 'iam:DeleteRole',
    ...aboutRole,
    run: async (deps: IamDeps, { RoleName: name }, { caller }) => {
      await deleteRole(deps, { account: caller.accountId, name })
      return undefined
    },
  }),
  queryOperation({
    name: 'TagRole',
    input: Type.Object({ RoleName: shortName, Tags: tags }),
    action: 'iam:TagRole',
    resources: roleResource,
    keys: async (input, scope, deps: IamDeps) => ({
      ...(await roleKeys(input, scope, deps)),
      ...requestTagKeys(input.Tags),
    }),
    run: async (deps: IamDeps, input, call) => {
      await tagIdentity(deps, { owner: roleIn(input, call), tags: tagsOf(input.Tags) })
      return undefined
    },
  }),
  queryOperation({
    name: 'UntagRole',
    input: Type.Object({ RoleName: shortName, TagKeys: tagKeys }),
    action: 'iam:UntagRole',
    resources: roleResource,
    keys: async (input, scope, deps: IamDeps) => ({
      ...(await roleKeys(input, scope, deps)),
      'aws:TagKeys': input.TagKeys,
    }),
    run: async (deps: IamDeps, input, call) => {
      await untagIdentity(deps, { owner: roleIn(input, call), keys: input.TagKeys })
      return undefined
    },
  }),
  queryOperation({
    name: 'ListRoleTags',
    input: Type.Object({ RoleName: shortName, ...paging }),
    action: 'iam:ListRoleTags',
    ...aboutRole,
    run: async (deps: IamDeps, input, call) => {
      const { id } = await roleIn(input, call)(deps.database)
      return tagPage(deps, { operation: 'ListRoleTags', call, inputs: id, input })
    },
  }),
  queryOperation({
    name: 'PutRolePermissionsBoundary',
    input: Type.Object({ RoleName: shortName, PermissionsBoundary: arn }),
    action: 'iam:PutRolePermissionsBoundary',
    resources: roleResource,
    keys: async (input, scope, deps: IamDeps) => ({
      ...(await roleKeys(input, scope, deps)),
      ...boundaryKeys(input.PermissionsBoundary),
    }),
    run: async (deps: IamDeps, input, call) => {
      const owner = { find: roleIn(input, call), put: putRoleBoundary }
      await putBoundary(deps, { owner, boundaryArn: input.PermissionsBoundary })
      return undefined
    },
  }),
  queryOperation({
    name: 'DeleteRolePermissionsBoundary',
    input: named,
    action: 'iam:DeleteRolePermissionsBoundary',
    ...aboutRole,
    run: async (deps: IamDeps, input, call) => {
      const owner = { find: roleIn(input, call), put: putRoleBoundary }
      await putBoundary(deps, { owner, boundaryArn: undefined })
      return undefined
    },
  }),
  queryOperation({
    name: 'ListInstanceProfilesForRole',
    input: Type.Object({ RoleName: shortName, ...paging }),
    action: 'iam:ListInstanceProfilesForRole',
    ...aboutRole,
    // There are no machines here that could have one; Terraform asks before it deletes a role.
    run: async (deps: IamDeps, input, call) => {
      await roleIn(input, call)(deps.database)
      return { InstanceProfiles: [], IsTruncated: false }
    },
  }),
]

function roleIn(
  { RoleName: name }: { readonly RoleName: string },
  { caller }: QueryCall,
): (reader: SqlReader) => Promise<Role> {
  return async (reader) => requireRole(reader, { account: caller.accountId, name })
}

async function wholeRole(deps: IamDeps, role: Role): Promise<QueryStructure> {
  const held = await listIdentityTags(deps.database, role.id)
  const shape = await listedRole(deps, role)
  return { ...shape, ...boundaryShape(role.boundaryArn), ...tagsShape(held) }
}

/** The trust policy as it was given, with those whom it names as they are called now: who was deleted is a bare id. */
async function listedRole({ database }: IamDeps, role: Role): Promise<QueryStructure> {
  const names = await presentNames(database, role.trust.principals)
  return roleShape(role, renamePrincipals(role.trust.document, names))
}
