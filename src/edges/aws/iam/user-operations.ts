import { Type } from 'typebox'
import { listIdentityTags } from '../../../access/identity-tag-store.ts'
import { tagIdentity, untagIdentity } from '../../../access/identity-tags.ts'
import { putBoundary } from '../../../access/permissions-boundary.ts'
import { createUser, deleteUser, updateUser } from '../../../access/users.ts'
import { listUsers, putUserBoundary, type User } from '../../../access/user-store.ts'
import { userArn } from '../../../policy/arn.ts'
import { queryOperation, type QueryOperation } from '../protocol/query-operation.ts'
import type { QueryStructure } from '../protocol/query-xml.ts'
import { ifTagged, tagKeys, tags } from '../protocol/tag-inputs.ts'
import type { IamDeps } from './call.ts'
import { userOrCaller } from './caller-user.ts'
import { arn, longName, newName, paging, path, pathPrefix, shortName } from './inputs.ts'
import { nameKey, pageOf } from './page.ts'
import {
  boundaryKeys,
  renamedUserResource,
  requestTagKeys,
  tagsOf,
  userKeys,
  userResource,
} from './resources.ts'
import { boundaryShape, tagsShape, userShape } from './shapes.ts'
import { tagPage } from './tag-page.ts'

export const userOperations: readonly QueryOperation<IamDeps>[] = [
  queryOperation({
    name: 'CreateUser',
    input: Type.Object({
      Path: Type.Optional(path),
      UserName: newName,
      PermissionsBoundary: Type.Optional(arn),
      Tags: Type.Optional(tags),
    }),
    action: 'iam:CreateUser',
    furtherActions: ifTagged('iam:TagUser'),
    resources: ({ UserName, Path }, { caller }) => [userArn(caller.accountId, UserName, Path)],
    keys: ({ PermissionsBoundary, Tags }) => ({
      ...boundaryKeys(PermissionsBoundary),
      ...requestTagKeys(Tags),
    }),
    run: async (deps: IamDeps, input, { caller }) => {
      const user = await createUser(deps, {
        account: caller.accountId,
        name: input.UserName,
        path: input.Path ?? '/',
        boundaryArn: input.PermissionsBoundary,
        tags: tagsOf(input.Tags),
      })
      return { User: await wholeUser(deps, user) }
    },
  }),
  queryOperation({
    name: 'GetUser',
    input: Type.Object({ UserName: Type.Optional(longName) }),
    action: 'iam:GetUser',
    resources: userResource,
    keys: userKeys,
    run: async (deps: IamDeps, { UserName }, { caller }) => ({
      User: await wholeUser(deps, await userOrCaller(UserName, caller)(deps.database)),
    }),
  }),
  queryOperation({
    name: 'ListUsers',
    input: Type.Object({ PathPrefix: Type.Optional(pathPrefix), ...paging }),
    action: 'iam:ListUsers',
    resources: ({ PathPrefix = '/' }, { caller }) => [
      `arn:aws:iam::${caller.accountId}:user${PathPrefix}`,
    ],
    run: async (deps: IamDeps, input, call) => {
      const { PathPrefix: prefix = '/' } = input
      const request = { operation: 'ListUsers', call, inputs: prefix, input }
      const read = async (page: { readonly after: string; readonly limit: number }) =>
        listUsers(deps.database, call.caller.accountId, { ...page, pathPrefix: prefix })
      const page = await pageOf(deps, request, read, nameKey)
      return { Users: page.entries.map(userShape), ...page.paging }
    },
  }),
  queryOperation({
    name: 'UpdateUser',
    input: Type.Object({
      UserName: longName,
      NewPath: Type.Optional(path),
      NewUserName: Type.Optional(newName),
    }),
    action: 'iam:UpdateUser',
    resources: renamedUserResource,
    keys: userKeys,
    run: async (deps: IamDeps, input, { caller }) => {
      const { UserName: name, NewUserName: newUserName, NewPath: newPath } = input
      await updateUser(deps, { account: caller.accountId, name, newName: newUserName, newPath })
      return undefined
    },
  }),
  queryOperation({
    name: 'DeleteUser',
    input: Type.Object({ UserName: longName }),
    action: 'iam:DeleteUser',
    resources: userResource,
    keys: userKeys,
    run: async (deps: IamDeps, { UserName: name }, { caller }) => {
      await deleteUser(deps, { account: caller.accountId, name })
      return undefined
    },
  }),
  queryOperation({
    name: 'TagUser',
    input: Type.Object({ UserName: longName, Tags: tags }),
    action: 'iam:TagUser',
    resources: userResource,
    keys: async (input, scope, deps: IamDeps) => ({
      ...(await userKeys(input, scope, deps)),
      ...requestTagKeys(input.Tags),
    }),
    run: async (deps: IamDeps, { UserName, Tags }, { caller }) => {
      await tagIdentity(deps, { owner: userOrCaller(UserName, caller), tags: tagsOf(Tags) })
      return undefined
    },
  }),
  queryOperation({
    name: 'UntagUser',
    input: Type.Object({ UserName: longName, TagKeys: tagKeys }),
    action: 'iam:UntagUser',
    resources: userResource,
    keys: async (input, scope, deps: IamDeps) => ({
      ...(await userKeys(input, scope, deps)),
      'aws:TagKeys': input.TagKeys,
    }),
    run: async (deps: IamDeps, { UserName, TagKeys: keys }, { caller }) => {
      await untagIdentity(deps, { owner: userOrCaller(UserName, caller), keys })
      return undefined
    },
  }),
  queryOperation({
    name: 'ListUserTags',
    input: Type.Object({ UserName: longName, ...paging }),
    action: 'iam:ListUserTags',
    resources: userResource,
    keys: userKeys,
    run: async (deps: IamDeps, input, call) => {
      const { id } = await userOrCaller(input.UserName, call.caller)(deps.database)
      return tagPage(deps, { operation: 'ListUserTags', call, inputs: id, input })
    },
  }),
  queryOperation({
    name: 'PutUserPermissionsBoundary',
    input: Type.Object({ UserName: shortName, PermissionsBoundary: arn }),
    action: 'iam:PutUserPermissionsBoundary',
    resources: userResource,
    keys: async (input, scope, deps: IamDeps) => ({
      ...(await userKeys(input, scope, deps)),
      ...boundaryKeys(input.PermissionsBoundary),
    }),
    run: async (deps: IamDeps, { UserName: name, PermissionsBoundary }, { caller }) => {
      const owner = { find: userOrCaller(name, caller), put: putUserBoundary }
      await putBoundary(deps, { owner, boundaryArn: PermissionsBoundary })
      return undefined
    },
  }),
  queryOperation({
    name: 'DeleteUserPermissionsBoundary',
    input: Type.Object({ UserName: shortName }),
    action: 'iam:DeleteUserPermissionsBoundary',
    resources: userResource,
    keys: userKeys,
    run: async (deps: IamDeps, { UserName: name }, { caller }) => {
      const owner = { find: userOrCaller(name, caller), put: putUserBoundary }
      await putBoundary(deps, { owner, boundaryArn: undefined })
      return undefined
    },
  }),
]

async function wholeUser({ database }: IamDeps, user: User): Promise<QueryStructure> {
  const held = await listIdentityTags(database, user.id)
  return { ...userShape(user), ...boundaryShape(user.boundaryArn), ...tagsShape(held) }
}
