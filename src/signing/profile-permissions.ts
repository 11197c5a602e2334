import { bumpPolicyEpoch } from '../access/policy-epoch-store.ts'
import { findNamedPrincipal } from '../access/principal-arn-store.ts'
import { parseAccountId } from '../policy/account-id.ts'
import type { SqlReader, SqlWriter } from '../storage/database/database.ts'
import { signingError } from './errors.ts'
import {
  deletePermission,
  insertPermission,
  listPermissions,
  type ProfilePermission,
} from './permission-store.ts'
import { findVersion, writeProfile } from './profile-store.ts'
import { getProfile, type Profile, type ProfileDeps } from './profiles.ts'
import type { ProfileAddress } from './rules/profile.ts'

/** What other accounts can be allowed of a profile. */
export const permittedActions = [
  'signer:SignPayload',
  'signer:GetSigningProfile',
  'signer:RevokeSignature',
] as const
const maxPermissions = 50

/**
 * Lets somebody of another account use the profile. `revisionId` is that of the permissions as they were read, and needed from
 * the second on: SIGNING_CONFLICT where they have changed, or the id is taken. Answers the new one.
 */
export async function addPermission(
  deps: ProfileDeps,
  address: ProfileAddress,
  input: ProfilePermission & { readonly revisionId: string | undefined },
): Promise<{ readonly revisionId: string }> {
  const { statementId, principal, profileVersion, revisionId } = input
  return deps.database.transaction(async (tx) => {
    const profile = await getProfile(tx, address)
    const present = await listPermissions(tx, address)
    requireRevision(profile, revisionId)
    if (present.some((one) => one.statementId === statementId))
      throw signingError('SIGNING_CONFLICT', `the profile has a permission ${statementId}`)
    if (present.length >= maxPermissions)
      throw signingError('SIGNING_LIMIT', `a profile has at most ${maxPermissions} permissions`)
    if (profileVersion !== undefined) {
      const version = await findVersion(tx, { ...address, version: profileVersion })
      if (version === undefined)
        throw signingError(
          'SIGNING_PROFILE_UNKNOWN',
          `the profile has no version ${profileVersion}`,
        )
    }
    await insertPermission(tx, address, input, await idsOf(tx, principal))
    return renewRevision(deps, tx, profile)
  })
}

/** SIGNING_CONFLICT where they have changed since; SIGNING_INPUT_INVALID where there is none of that id. */
export async function removePermission(
  deps: ProfileDeps,
  address: ProfileAddress,
  input: { readonly statementId: string; readonly revisionId: string },
): Promise<{ readonly revisionId: string }> {
  return deps.database.transaction(async (tx) => {
    const profile = await getProfile(tx, address)
    requireRevision(profile, input.revisionId)
    if ((await deletePermission(tx, address, input.statementId)) === 0)
      throw signingError(
        'SIGNING_INPUT_INVALID',
        `the profile has no permission ${input.statementId}`,
      )
    return renewRevision(deps, tx, profile)
  })
}

function requireRevision({ permissionsRevision }: Profile, given: string | undefined): void {
  if (given === undefined || given === permissionsRevision) return
  const message = 'the permissions have changed since revisionId; list them and try again'
  throw signingError('SIGNING_CONFLICT', message)
}

async function renewRevision(
  { ids }: ProfileDeps,
  tx: SqlWriter,
  profile: Profile,
): Promise<{ readonly revisionId: string }> {
  const revisionId = ids.uuid()
  await writeProfile(tx, { ...profile, permissionsRevision: revisionId })
  await bumpPolicyEpoch(tx)
  return { revisionId }
}

/** A permission is about who has the name now, not about whoever has it later. */
async function idsOf(reader: SqlReader, principal: string): Promise<ReadonlyMap<string, string>> {
  if (parseAccountId(principal) !== undefined) return new Map()
  const found = await findNamedPrincipal(reader, principal)
  if (found.kind === 'entity') return new Map([[principal, found.id]])
  const isAccount = /^arn:aws:iam::\d{12}:root$/.test(principal)
  if (isAccount) return new Map()
  const message = `principal ${JSON.stringify(principal.slice(0, 200))} must be 12 digits of an account, or the ARN of a user or role that is there`
  throw signingError('SIGNING_INPUT_INVALID', message)
}
