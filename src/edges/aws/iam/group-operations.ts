import { Type } from 'typebox'
import {
  addUserToGroup,
  createGroup,
  deleteGroup,
  removeUserFromGroup,
  requireGroup,
  updateGroup,
} from '../../../access/groups.ts'
import { listGroupMembers, listGroups, listGroupsOfMember } from '../../../access/group-store.ts'
import { requireUser } from '../../../access/users.ts'
import { groupArn } from '../../../policy/arn.ts'
import { queryOperation, type QueryOperation } from '../protocol/query-operation.ts'
import type { IamDeps } from './call.ts'
import { longName, paging, path, pathPrefix } from './inputs.ts'
import { nameKey, pageOf } from './page.ts'
import { groupResource, renamedGroupResource, userKeys, userResource } from './resources.ts'
import { groupShape, userShape } from './shapes.ts'

export const groupOperations: readonly QueryOperation<IamDeps>[] = [
  queryOperation({
    name: 'CreateGroup',
    input: Type.Object({ Path: Type.Optional(path), GroupName: longName }),
    action: 'iam:CreateGroup',
    resources: ({ GroupName, Path }, { caller }) => [groupArn(caller.accountId, GroupName, Path)],
    run: async (deps: IamDeps, { GroupName: name, Path = '/' }, { caller }) => {
      const group = await createGroup(deps, { account: caller.accountId, name, path: Path })
      return { Group: groupShape(group) }
    },
  }),
  queryOperation({
    name: 'GetGroup',
    input: Type.Object({ GroupName: longName, ...paging }),
    action: 'iam:GetGroup',
    resources: groupResource,
    run: async (deps: IamDeps, input, call) => {
      const address = { account: call.caller.accountId, name: input.GroupName }
      const group = await requireGroup(deps.database, address)
      const request = { operation: 'GetGroup', call, inputs: group.id, input }
      const read = async (page: { readonly after: string; readonly limit: number }) =>
        listGroupMembers(deps.database, group.id, page)
      const page = await pageOf(deps, request, read, nameKey)
      return { Group: groupShape(group), Users: page.entries.map(userShape), ...page.paging }
    },
  }),
  queryOperation({
    name: 'ListGroups',
    input: Type.Object({ PathPrefix: Type.Optional(pathPrefix), ...paging }),
    action: 'iam:ListGroups',
    resources: ({ PathPrefix = '/' }, { caller }) => [
      `arn:aws:iam::${caller.accountId}:group${PathPrefix}`,
    ],
    run: async (deps: IamDeps, input, call) => {
      const { PathPrefix: prefix = '/' } = input
      const request = { operation: 'ListGroups', call, inputs: prefix, input }
      const read = async (page: { readonly after: string; readonly limit: number }) =>
        listGroups(deps.database, call.caller.accountId, { ...page, pathPrefix: prefix })
      const page = await pageOf(deps, request, read, nameKey)
      return { Groups: page.entries.map(groupShape), ...page.paging }
    },
  }),
  queryOperation({
    name: 'UpdateGroup',
    input: Type.Object({
      GroupName: longName,
      NewPath: Type.Optional(path),
      NewGroupName: Type.Optional(longName),
    }),
    action: 'iam:UpdateGroup',
    resources: renamedGroupResource,
    run: async (deps: IamDeps, input, { caller }) => {
      const { GroupName: name, NewGroupName: newName, NewPath: newPath } = input
      await updateGroup(deps, { account: caller.accountId, name, newName, newPath })
      return undefined
    },
  }),
  queryOperation({
    name: 'DeleteGroup',
    input: Type.Object({ GroupName: longName }),
    action: 'iam:DeleteGroup',
    resources: groupResource,
    run: async (deps: IamDeps, { GroupName: name }, { caller }) => {
      await deleteGroup(deps, { account: caller.accountId, name })
      return undefined
    },
  }),
  queryOperation({
    name: 'AddUserToGroup',
    input: Type.Object({ GroupName: longName, UserName: longName }),
    action: 'iam:AddUserToGroup',
    resources: groupResource,
    run: async (deps: IamDeps, { GroupName: group, UserName: user }, { caller }) => {
      await addUserToGroup(deps, { account: caller.accountId, group, user })
      return undefined
    },
  }),
  queryOperation({
    name: 'RemoveUserFromGroup',
    input: Type.Object({ GroupName: longName, UserName: longName }),
    action: 'iam:RemoveUserFromGroup',
    resources: groupResource,
    run: async (deps: IamDeps, { GroupName: group, UserName: user }, { caller }) => {
      await removeUserFromGroup(deps, { account: caller.accountId, group, user })
      return undefined
    },
  }),
  queryOperation({
    name: 'ListGroupsForUser',
    input: Type.Object({ UserName: longName, ...paging }),
    action: 'iam:ListGroupsForUser',
    resources: userResource,
    keys: userKeys,
    run: async (deps: IamDeps, input, call) => {
      const address = { account: call.caller.accountId, name: input.UserName }
      const user = await requireUser(deps.database, address)
      const request = { operation: 'ListGroupsForUser', call, inputs: user.id, input }
      const read = async (page: { readonly after: string; readonly limit: number }) =>
        listGroupsOfMember(deps.database, user.id, page)
      const page = await pageOf(deps, request, read, nameKey)
      return { Groups: page.entries.map(groupShape), ...page.paging }
    },
  }),
]
