import { Type } from 'typebox'
import { findAccessKey } from '../../../access/access-key-store.ts'
import {
  createAccessKey,
  deleteAccessKey,
  getAccessKey,
  listKeysOf,
  updateAccessKey,
} from '../../../access/access-keys.ts'
import { accessError } from '../../../access/errors.ts'
import { arnOfUser } from '../../../access/user-store.ts'
import {
  queryOperation,
  type QueryOperation,
  type QueryScope,
} from '../protocol/query-operation.ts'
import type { IamDeps } from './call.ts'
import { userOrCaller } from './caller-user.ts'
import { accessKeyId, longName, paging } from './inputs.ts'
import { pageOf } from './page.ts'
import { userKeys, userResource } from './resources.ts'

export const keyOperations: readonly QueryOperation<IamDeps>[] = [
  queryOperation({
    name: 'CreateAccessKey',
    input: Type.Object({ UserName: Type.Optional(longName) }),
    action: 'iam:CreateAccessKey',
    resources: userResource,
    keys: userKeys,
    run: async (deps: IamDeps, { UserName }, { caller }) => {
      if (UserName === undefined && caller.requester.kind === 'root') {
        const message = 'Keys of the root user are made by: pratique account root-key'
        throw accessError('INPUT_INVALID', message)
      }
      const made = await createAccessKey(deps, { owner: userOrCaller(UserName, caller) })
      return {
        AccessKey: {
          UserName: made.user.name,
          AccessKeyId: made.key.accessKeyId,
          Status: 'Active',
          SecretAccessKey: made.key.secretAccessKey,
          CreateDate: made.createdAt,
        },
      }
    },
  }),
  queryOperation({
    name: 'ListAccessKeys',
    input: Type.Object({ UserName: Type.Optional(longName), ...paging }),
    action: 'iam:ListAccessKeys',
    resources: userResource,
    keys: userKeys,
    run: async (deps: IamDeps, input, call) => {
      const owner = userOrCaller(input.UserName, call.caller)
      const { user, keys } = await listKeysOf({ reader: deps.database }, { owner })
      const request = { operation: 'ListAccessKeys', call, inputs: user.id, input }
      const places = keys.map((key, index) => ({ key, place: String(index) }))
      const read = async ({ after, limit }: { readonly after: string; readonly limit: number }) => {
        const from = after === '' ? 0 : Number(after) + 1
        return Promise.resolve(places.slice(from, from + limit))
      }
      const page = await pageOf(deps, request, read, ({ place }) => place)
      const shown = page.entries.map(({ key }) => ({
        UserName: user.name,
        AccessKeyId: key.id,
        Status: key.status,
        CreateDate: key.createdAt,
      }))
      return { AccessKeyMetadata: shown, ...page.paging }
    },
  }),
  queryOperation({
    name: 'UpdateAccessKey',
    input: Type.Object({
      UserName: Type.Optional(longName),
      AccessKeyId: accessKeyId,
      Status: Type.Enum(['Active', 'Inactive', 'Expired']),
    }),
    action: 'iam:UpdateAccessKey',
    resources: userResource,
    keys: userKeys,
    run: async (deps: IamDeps, { UserName, AccessKeyId: id, Status: status }, { caller }) => {
      if (status === 'Expired') {
        throw accessError('INPUT_INVALID', 'Access keys cannot be set to Expired.')
      }
      await updateAccessKey(deps, { owner: userOrCaller(UserName, caller), id, status })
      return undefined
    },
  }),
  queryOperation({
    name: 'DeleteAccessKey',
    input: Type.Object({ UserName: Type.Optional(longName), AccessKeyId: accessKeyId }),
    action: 'iam:DeleteAccessKey',
    resources: userResource,
    keys: userKeys,
    run: async (deps: IamDeps, { UserName, AccessKeyId: id }, { caller }) => {
      await deleteAccessKey(deps, { owner: userOrCaller(UserName, caller), id })
      return undefined
    },
  }),
  queryOperation({
    name: 'GetAccessKeyLastUsed',
    input: Type.Object({ AccessKeyId: accessKeyId }),
    action: 'iam:GetAccessKeyLastUsed',
    resources: ownerOfKey,
    run: async (deps: IamDeps, { AccessKeyId: id }, { caller }) => {
      const asked = { account: caller.accountId, id }
      const { user, lastUse } = await getAccessKey({ reader: deps.database }, asked)
      return {
        UserName: user.name,
        AccessKeyLastUsed: {
          LastUsedDate: lastUse?.at,
          ServiceName: lastUse?.service ?? 'N/A',
          Region: lastUse?.region ?? 'N/A',
        },
      }
    },
  }),
]

/** The user who has the key; a key that nobody of the account has could be any user's. */
async function ownerOfKey(
  { AccessKeyId: id }: { readonly AccessKeyId: string },
  { caller }: QueryScope,
  { database }: IamDeps,
): Promise<readonly string[]> {
  const key = await findAccessKey(database, id)
  return key?.user.account === caller.accountId
    ? [arnOfUser(key.user)]
    : [`arn:aws:iam::${caller.accountId}:user/*`]
}
