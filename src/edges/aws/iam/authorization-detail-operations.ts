import { Type } from 'typebox'
import {
  detailKey,
  detailKinds,
  listAuthorizationDetails,
  type DetailKind,
} from '../../../access/list-authorization-details.ts'
import { queryOperation, type QueryOperation } from '../protocol/query-operation.ts'
import { detailsShape } from './authorization-details.ts'
import type { IamDeps } from './call.ts'
import { paging } from './inputs.ts'
import { pageOf } from './page.ts'

const kindsByFilter = {
  User: 'user',
  Group: 'group',
  Role: 'role',
  LocalManagedPolicy: 'own-policy',
  AWSManagedPolicy: 'aws-policy',
} as const satisfies Record<string, DetailKind>

export const authorizationDetailOperations: readonly QueryOperation<IamDeps>[] = [
  queryOperation({
    name: 'GetAccountAuthorizationDetails',
    input: Type.Object({
      Filter: Type.Optional(
        Type.Array(Type.Enum(['User', 'Role', 'Group', 'LocalManagedPolicy', 'AWSManagedPolicy'])),
      ),
      ...paging,
    }),
    action: 'iam:GetAccountAuthorizationDetails',
    resources: () => ['*'],
    run: async (deps: IamDeps, input, call) => {
      const { accountId: account } = call.caller
      const filter = input.Filter ?? []
      const kinds = filter.length === 0 ? detailKinds : filter.map((one) => kindsByFilter[one])
      const request = { operation: 'GetAccountAuthorizationDetails', call, inputs: filter, input }
      const read = async (part: { readonly after: string; readonly limit: number }) =>
        listAuthorizationDetails({ reader: deps.database }, account, { ...part, kinds })
      const page = await pageOf(deps, request, read, detailKey)
      return { ...(await detailsShape(deps.database, account, page.entries)), ...page.paging }
    },
  }),
]
