import { Type } from 'typebox'
import { queryOperation, type QueryOperation } from '../protocol/query-operation.ts'

export interface StsDeps {
  readonly region: string
}

const rows: readonly QueryOperation<StsDeps>[] = [
  queryOperation({
    name: 'GetCallerIdentity',
    input: Type.Object({}),
    access: {
      kind: 'authenticated-only',
      why: 'AWS lets no policy deny it, since it tells callers only who they are',
    },
    // Others take it as a proof of identity.
    allowsPresigned: true,
    run: async (_, __, { caller }) =>
      Promise.resolve({
        UserId: caller.principalId,
        Account: caller.accountId,
        Arn: caller.principalArn,
      }),
  }),
]

export const stsOperations: ReadonlyMap<string, QueryOperation<StsDeps>> = new Map(
  rows.map((row) => [row.name, row]),
)
