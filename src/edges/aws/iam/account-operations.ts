import { Type } from 'typebox'
import { countOfAccount, findAccount } from '../../../access/account-store.ts'
import { deleteAlias, putAlias } from '../../../access/accounts.ts'
import { queryOperation, type QueryOperation } from '../protocol/query-operation.ts'
import { summaryMap } from './account-summary.ts'
import type { IamDeps } from './call.ts'
import { accountAlias, paging } from './inputs.ts'

const everything = (): readonly string[] => ['*']

export const accountOperations: readonly QueryOperation<IamDeps>[] = [
  queryOperation({
    name: 'GetAccountSummary',
    input: Type.Object({}),
    action: 'iam:GetAccountSummary',
    resources: everything,
    run: async (deps: IamDeps, _, { caller }) => ({
      SummaryMap: summaryMap(await countOfAccount(deps.database, caller.accountId)),
    }),
  }),
  queryOperation({
    name: 'CreateAccountAlias',
    input: Type.Object({ AccountAlias: accountAlias }),
    action: 'iam:CreateAccountAlias',
    resources: everything,
    // An account has one alias: a new one takes its place, as in AWS.
    run: async (deps: IamDeps, { AccountAlias: alias }, { caller }) => {
      await putAlias(deps, { id: caller.accountId, alias })
      return undefined
    },
  }),
  queryOperation({
    name: 'ListAccountAliases',
    input: Type.Object(paging),
    action: 'iam:ListAccountAliases',
    resources: everything,
    run: async (deps: IamDeps, _, { caller }) => {
      const account = await findAccount(deps.database, caller.accountId)
      const aliases = account?.alias === undefined ? [] : [account.alias]
      return { AccountAliases: aliases, IsTruncated: false }
    },
  }),
  queryOperation({
    name: 'DeleteAccountAlias',
    input: Type.Object({ AccountAlias: accountAlias }),
    action: 'iam:DeleteAccountAlias',
    resources: everything,
    run: async (deps: IamDeps, { AccountAlias: alias }, { caller }) => {
      await deleteAlias(deps, { id: caller.accountId, alias })
      return undefined
    },
  }),
]
