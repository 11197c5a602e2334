import type { Caller } from '../../../access/caller.ts'
import { entityUnknown, accessError } from '../../../access/errors.ts'
import { listIdentityTags } from '../../../access/identity-tag-store.ts'
import { findUser, findUserByName, type User } from '../../../access/user-store.ts'
import type { QueryCall } from '../protocol/query-operation.ts'
import type { QueryStructure } from '../protocol/query-xml.ts'
import type { IamDeps } from './call.ts'
import { boundaryShape, tagsShape, userShape } from './shapes.ts'

/** Without a name the caller, who must be a user then. */
export async function getUser(
  { database }: Pick<IamDeps, 'database'>,
  input: { readonly UserName?: string },
  { caller }: QueryCall,
): Promise<QueryStructure> {
  const user = await userIn(database, input.UserName, caller)
  const tags = await listIdentityTags(database, user.id)
  return { User: { ...userShape(user), ...boundaryShape(user.boundaryArn), ...tagsShape(tags) } }
}

async function userIn(
  database: IamDeps['database'],
  name: string | undefined,
  caller: Caller,
): Promise<User> {
  if (name === undefined) {
    const itself = await findUser(database, caller.principalId)
    if (itself !== undefined) return itself
    const message = 'Must specify userName when calling with non-User credentials'
    throw accessError('INPUT_CONSTRAINT', message)
  }
  const user = await findUserByName(database, caller.accountId, name)
  if (user === undefined) throw entityUnknown('user', name)
  return user
}
