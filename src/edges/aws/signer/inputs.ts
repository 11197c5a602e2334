// Members that several operations of the Signer model share.
import { Type } from 'typebox'
import type { RequestKeys } from '../../../access/request-context.ts'
import { findProfile } from '../../../signing/profile-store.ts'
import {
  jobArn,
  profileArn,
  profileNamePattern,
  versionPattern,
} from '../../../signing/rules/profile.ts'
import type { ResourceScope } from '../protocol/operation.ts'
import { ownerIn, type SignerDeps } from './call.ts'

export const profileName = Type.String({ minLength: 2, maxLength: 64, pattern: profileNamePattern })
export const profileVersion = Type.String({ pattern: versionPattern })
export const account = Type.Optional(Type.String({ pattern: '^[0-9]{12}$' }))
export const text = Type.String({ minLength: 1, maxLength: 512 })
export const reason = Type.String({ minLength: 1, maxLength: 500 })
export const jobId = Type.String({ pattern: '^[a-fA-F0-9-]{1,64}$' })
export const tags = Type.Record(
  Type.String({ minLength: 1, maxLength: 128 }),
  Type.String({ maxLength: 256 }),
)

export interface OnProfile {
  readonly profileName: string
  readonly profileOwner?: string
}

export function onProfile(input: OnProfile, scope: ResourceScope): readonly string[] {
  return [profileArn(scope.region, addressIn(input, scope))]
}

export function onJob(
  input: { readonly jobId: string; readonly jobOwner?: string },
  { account: own, region }: ResourceScope,
): readonly string[] {
  return [jobArn(region, ownerIn(own, input.jobOwner), input.jobId)]
}

function addressIn(input: OnProfile, { account: own }: ResourceScope) {
  return { account: ownerIn(own, input.profileOwner), name: input.profileName }
}

/** `signer:ProfileVersion`: the version that the request names, else the one that signs now. */
export async function versionKeys(
  { database }: SignerDeps,
  input: OnProfile & { readonly profileVersion?: string },
  scope: ResourceScope,
): Promise<RequestKeys | undefined> {
  const named = input.profileVersion
  const version = named ?? (await findProfile(database, addressIn(input, scope)))?.version
  return version === undefined ? undefined : { 'signer:ProfileVersion': version }
}
