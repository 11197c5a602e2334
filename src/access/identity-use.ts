import type { SqlReader } from '../storage/database/database.ts'
import { accessError } from './errors.ts'
import { countIdentityUse } from './identity-use-store.ts'

/** Refuses with ENTITY_IN_USE while anything hangs on the user, group or role, in IAM's words. */
export async function requireUnused(reader: SqlReader, ownerId: string): Promise<void> {
  const use = await countIdentityUse(reader, ownerId)
  const first =
    use.attachedPolicies > 0
      ? 'detach all policies'
      : use.inlinePolicies > 0
        ? 'delete policies'
        : use.accessKeys > 0
          ? 'delete access keys'
          : use.memberships > 0
            ? 'remove users from group'
            : undefined
  if (first === undefined) return
  throw accessError('ENTITY_IN_USE', `Cannot delete entity, must ${first} first.`)
}
