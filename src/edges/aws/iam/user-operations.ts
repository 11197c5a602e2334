import { Type } from 'typebox'
import { queryOperation, type QueryOperation } from '../protocol/query-operation.ts'
import type { IamDeps } from './call.ts'
import { getUser } from './get-user.ts'
import { userName } from './inputs.ts'
import { userResource } from './resources.ts'

export const userOperations: readonly QueryOperation<IamDeps>[] = [
  queryOperation({
    name: 'GetUser',
    input: Type.Object({ UserName: Type.Optional(userName) }),
    action: 'iam:GetUser',
    resources: userResource,
    run: getUser,
  }),
]
