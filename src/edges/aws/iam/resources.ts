// The ARNs that IAM's operations are about. A request gives the name, the ARN has the path too: who exists is looked up; who does
// not is asked about under no path, so that the answer is AccessDenied before it is NoSuchEntity.
import { arnOfUser, findUserByName } from '../../../access/user-store.ts'
import { userArn } from '../../../policy/arn.ts'
import type { QueryScope } from '../protocol/query-operation.ts'
import type { IamDeps } from './call.ts'

type Deps = Pick<IamDeps, 'database'>

/** The user named, else the caller. */
export async function userResource(
  { UserName: name }: { readonly UserName?: string },
  { caller }: QueryScope,
  { database }: Deps,
): Promise<readonly string[]> {
  if (name === undefined) return [caller.principalArn]
  const user = await findUserByName(database, caller.accountId, name)
  return [user === undefined ? userArn(caller.accountId, name) : arnOfUser(user)]
}
