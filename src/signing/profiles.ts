import { bumpPolicyEpoch } from '../access/policy-epoch-store.ts'
import type { Database, SqlReader, SqlWriter } from '../storage/database/database.ts'
import { signingError } from './errors.ts'
import type { AuthorityDeps } from './authority-keys.ts'
import { keepCertifiedKey } from './installation-authority.ts'
import type { MadeKey } from './key-store.ts'
import {
  findProfile,
  findVersion,
  insertVersion,
  writeProfile,
  writeRevocation,
  type StoredProfile,
  type StoredVersion,
} from './profile-store.ts'
import { signRevocationLists } from './revocation-lists.ts'
import type { OnRevoked } from './revoke-signature.ts'
import { faultOfRevocation } from './rules/revocable.ts'
import { findSigningKey } from './signing-key-store.ts'
import {
  faultOfValidity,
  versionOf,
  type ProfileAddress,
  type ProfileMode,
  type Validity,
  type VersionAddress,
} from './rules/profile.ts'

export interface ProfileDeps extends AuthorityDeps {
  readonly database: Database
}

export interface Profile extends StoredProfile {
  readonly current: StoredVersion
}

/** A profile whose version that signs is revoked signs no more. */
export function statusOf({ status, current }: Profile): 'Active' | 'Canceled' | 'Revoked' {
  if (status === 'Canceled') return 'Canceled'
  return current.revocation === undefined ? 'Active' : 'Revoked'
}

/**
 * A new version of the profile, with a key of its own; the first makes the profile. SIGNING_PROFILE_INACTIVE where the name was
 * canceled, SIGNING_INPUT_INVALID for a validity beyond the longest.
 */
export async function putProfile(
  deps: ProfileDeps,
  input: ProfileAddress & {
    readonly mode: ProfileMode | undefined
    readonly validity: Validity | undefined
    readonly tags: Readonly<Record<string, string>> | undefined
    readonly by: string
  },
  defaults: { readonly mode: ProfileMode; readonly validity: Validity },
): Promise<Profile> {
  const fault = input.validity === undefined ? undefined : faultOfValidity(input.validity)
  if (fault !== undefined) throw signingError('SIGNING_INPUT_INVALID', fault)
  const made = await deps.keys.make('EC-384')
  return deps.database.transaction(async (tx) => {
    const known = await findProfile(tx, input)
    if (known?.status === 'Canceled') throw inactive(known)
    const earlier = known === undefined ? undefined : await requireVersion(tx, known)
    const validity = input.validity ?? earlier?.validity ?? defaults.validity
    const current = await insertNextVersion(deps, tx, made, { ...input, validity })
    const fresh = { mode: defaults.mode, tags: {}, permissionsRevision: deps.ids.uuid() }
    const { mode, tags, permissionsRevision } = known ?? fresh
    const profile: StoredProfile = {
      account: input.account,
      name: input.name,
      mode: input.mode ?? mode,
      status: 'Active',
      version: current.version,
      tags: { ...tags, ...input.tags },
      permissionsRevision,
      changedAt: deps.clock.now(),
    }
    await writeProfile(tx, profile)
    await bumpPolicyEpoch(tx)
    return { ...profile, current }
  })
}

async function insertNextVersion(
  deps: AuthorityDeps,
  tx: SqlWriter,
  made: MadeKey,
  of: ProfileAddress & { readonly validity: Validity; readonly by: string },
): Promise<StoredVersion> {
  const { account, name, validity, by } = of
  const version = versionOf(deps.ids.bytes(10))
  const subject = {
    country: 'XX',
    state: 'Pratique',
    organization: account,
    organizationalUnit: 'signer',
    commonName: `${name}/${version}`,
  }
  const key = await keepCertifiedKey(deps, tx, made, {
    kind: 'profile',
    account,
    name: undefined,
    algorithm: 'EC-384',
    subject,
    madeBy: by,
  })
  const madeAt = deps.clock.now()
  const row = { account, name, version, keyId: key.id, validity, madeBy: by, madeAt }
  await insertVersion(tx, row)
  return { ...row, revocation: undefined }
}

/** SIGNING_PROFILE_UNKNOWN. */
export async function getProfile(reader: SqlReader, address: ProfileAddress): Promise<Profile> {
  const profile = await findProfile(reader, address)
  if (profile === undefined) throw unknown(address)
  return { ...profile, current: await requireVersion(reader, profile) }
}

/** One that signs now: SIGNING_PROFILE_UNKNOWN, SIGNING_PROFILE_INACTIVE. */
export async function requireActive(reader: SqlReader, address: ProfileAddress): Promise<Profile> {
  const profile = await getProfile(reader, address)
  if (statusOf(profile) !== 'Active') throw inactive(profile)
  return profile
}

/** It signs no more; what it signed stays good. */
export async function cancelProfile(deps: ProfileDeps, address: ProfileAddress): Promise<void> {
  await deps.database.transaction(async (tx) => {
    const profile = await getProfile(tx, address)
    const changedAt = deps.clock.now()
    await writeProfile(tx, { ...profile, status: 'Canceled', changedAt })
  })
}

/**
 * What the version signed from that moment on counts no more. For good; it may be repeated for an earlier moment, else
 * SIGNING_CONFLICT. SIGNING_INPUT_INVALID for one that has not come.
 */
export async function revokeVersion(
  deps: ProfileDeps & { readonly onRevoked: OnRevoked },
  input: VersionAddress & { readonly from: Date; readonly reason: string; readonly by: string },
): Promise<void> {
  const { from, reason, by } = input
  await deps.database.transaction(async (tx) => {
    await getProfile(tx, input)
    const version = await findVersion(tx, input)
    if (version === undefined) throw unknown(input, input.version)
    const at = deps.clock.now()
    const fault = faultOfRevocation('version', from, { now: at, earlier: version.revocation })
    if (fault !== undefined) throw signingError(fault.code, fault.message)
    await writeRevocation(tx, input, { from, at, by, reason })
    await signRevocationLists(deps, tx)
    await deps.onRevoked(tx, at)
  })
}

export async function tagProfile(
  deps: ProfileDeps,
  input: ProfileAddress & {
    readonly put: Readonly<Record<string, string>>
    readonly remove: readonly string[]
  },
): Promise<void> {
  await deps.database.transaction(async (tx) => {
    const profile = await getProfile(tx, input)
    const kept = Object.entries({ ...profile.tags, ...input.put }).filter(
      ([key]) => !input.remove.includes(key),
    )
    if (kept.length > maxTags)
      throw signingError('SIGNING_LIMIT', `a profile has at most ${maxTags} tags`)
    await writeProfile(tx, { ...profile, tags: Object.fromEntries(kept) })
    await bumpPolicyEpoch(tx)
  })
}

const maxTags = 50
/** Of a certificate's life: the rest is for those who sign just now. */
const renewalShare = 0.8

/** The profile with a version whose certificate has time left: a new one where 80 % of its life are over. */
export async function renewedProfile(deps: ProfileDeps, profile: Profile): Promise<Profile> {
  const key = await findSigningKey(deps.database, profile.current.keyId)
  const [from, to] = [key?.createdAt.getTime() ?? 0, key?.expiresAt.getTime() ?? 0]
  if (deps.clock.now().getTime() < from + (to - from) * renewalShare) return profile
  const { account, name } = profile
  const again = { account, name, mode: undefined, validity: undefined, tags: undefined }
  const { mode } = profile
  const { validity } = profile.current
  return putProfile(deps, { ...again, by: 'pratique' }, { mode, validity })
}

async function requireVersion(reader: SqlReader, profile: StoredProfile): Promise<StoredVersion> {
  const found = await findVersion(reader, profile)
  if (found === undefined)
    throw new Error(`profile ${profile.name} has no version ${profile.version}`)
  return found
}

function unknown({ account, name }: ProfileAddress, version?: string): Error {
  const what = version === undefined ? name : `${name} version ${version}`
  return signingError(
    'SIGNING_PROFILE_UNKNOWN',
    `account ${account} has no signing profile ${what}`,
  )
}

function inactive({ name, status }: StoredProfile): Error {
  const word = status === 'Canceled' ? 'canceled' : 'revoked'
  return signingError('SIGNING_PROFILE_INACTIVE', `the signing profile ${name} is ${word}`)
}
