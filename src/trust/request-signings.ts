import type { Caller } from '../access/caller.ts'
import { writeCaller } from '../access/recorded-caller.ts'
import { enqueue } from '../jobs/queue.ts'
import { isIndexMediaType } from '../oci/media-type.ts'
import { findManifestSummary } from '../registry/manifest-store.ts'
import { listTagsOf } from '../registry/tag-store.ts'
import { pushPriority } from '../registry/events.ts'
import type { PushWitness, StoredPush } from '../registry/gates.ts'
import { findProfile } from '../signing/profile-store.ts'
import { parseSignerArn } from '../signing/rules/profile.ts'
import type { SqlReader, SqlWriter } from '../storage/database/database.ts'
import { listImageSignings, writeAskedSigning } from './image-signing-store.ts'
import { listIndexOnly } from './index-only-store.ts'
import { isAskedAgain, isSignable, isSignedByIndexOnly } from './rules/managed-signing.ts'
import { profilesFor } from './rules/signing-configuration.ts'
import { findSigningRules } from './signing-configuration-store.ts'

export const signImageJob = 'sign-image'

/** What the registry's signing configuration wants of a push by that caller is a row from the push on, and a job. */
export function witnessPush(region: string): (caller: Caller) => PushWitness {
  return (caller) => async (tx, push, now) => {
    await requestSignings(tx, { region, caller, push }, now)
  }
}

/** How many profiles are to sign it that have not. */
export async function requestSignings(
  tx: SqlWriter,
  {
    region,
    caller,
    push,
  }: { readonly region: string; readonly caller: Caller; readonly push: StoredPush },
  now: Date,
): Promise<number> {
  const { repository, digest } = push
  if (!isSignable(push)) return 0
  const rules = await findSigningRules(tx, repository.account)
  if (rules === undefined) return 0
  const key = { repositoryId: repository.id, digest }
  const earlier = new Map(
    (await listImageSignings(tx, key)).map((one) => [one.profileArn, one] as const),
  )
  const wanted = profilesFor(rules, repository.name)
  const chosen = wanted.length === 0 ? [] : await listIndexOnly(tx, repository.account)
  const indexOnly = chosen.length > 0 && (await isPartOfIndex(tx, push)) ? chosen : []
  let asked = 0
  for (const profileArn of wanted) {
    if (indexOnly.includes(profileArn)) continue
    const version = await currentVersion(tx, region, profileArn)
    if (!isAskedAgain(earlier.get(profileArn), version)) continue
    await writeAskedSigning(tx, { ...key, profileArn, caller: writeCaller(caller) }, now)
    asked += 1
  }
  if (asked > 0)
    await enqueue(
      tx,
      {
        kind: signImageJob,
        key: `${repository.id}/${digest}`,
        input: key,
        priority: pushPriority,
        fairKey: repository.account,
      },
      now,
    )
  return asked
}

/** Tags are read, not taken from the push: what was there before a configuration is asked about in the same way. */
async function isPartOfIndex(
  reader: SqlReader,
  { repository, digest }: StoredPush,
): Promise<boolean> {
  const manifest = await findManifestSummary(reader, repository.id, digest)
  const isIndex = manifest !== undefined && isIndexMediaType(manifest.mediaType)
  const tags = await listTagsOf(reader, repository.id, digest)
  return !isSignedByIndexOnly({ isIndex, isTagged: tags.length > 0 })
}

async function currentVersion(
  reader: SqlReader,
  region: string,
  profileArn: string,
): Promise<string | undefined> {
  const address = parseSignerArn(region, profileArn)
  return address?.kind === 'profile' ? (await findProfile(reader, address))?.version : undefined
}
