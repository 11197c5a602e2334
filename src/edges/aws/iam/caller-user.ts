import type { Caller } from '../../../access/caller.ts'
import { accessError } from '../../../access/errors.ts'
import { findUser, type User } from '../../../access/user-store.ts'
import { requireUser } from '../../../access/users.ts'
import type { SqlReader } from '../../../storage/database/database.ts'

/** The user named, else the caller, who must be a user (or root) then. */
export function userOrCaller(
  name: string | undefined,
  caller: Caller,
): (reader: SqlReader) => Promise<User> {
  return async (reader) => {
    if (name !== undefined) return requireUser(reader, { account: caller.accountId, name })
    const itself = await findUser(reader, caller.principalId)
    if (itself !== undefined) return itself
    const message = 'Must specify userName when calling with non-User credentials'
    throw accessError('INPUT_CONSTRAINT', message)
  }
}
