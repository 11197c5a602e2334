import type { QueryOperation } from '../protocol/query-operation.ts'
import { accountOperations } from './account-operations.ts'
import type { IamDeps } from './call.ts'
import { groupOperations } from './group-operations.ts'
import { keyOperations } from './key-operations.ts'
import { policyOperations } from './policy-operations.ts'
import { roleOperations } from './role-operations.ts'
import { userOperations } from './user-operations.ts'

/** What IAM's API serves, by name: a table for each group of entities. */
export const iamOperations: ReadonlyMap<string, QueryOperation<IamDeps>> = new Map(
  [
    ...userOperations,
    ...keyOperations,
    ...groupOperations,
    ...roleOperations,
    ...policyOperations,
    ...accountOperations,
  ].map((row) => [row.name, row]),
)
