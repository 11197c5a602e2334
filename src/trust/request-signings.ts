import type { Caller } from '../access/caller.ts'
import { writeCaller } from '../access/recorded-caller.ts'
import { enqueue } from '../jobs/queue.ts'
import { pushPriority } from '../registry/events.ts'
import type { PushWitness, StoredPush } from '../registry/gates.ts'
import { findProfile } from '../signing/profile-store.ts'
import { parseSignerArn } from '../signing/rules/profile.ts'
import type { SqlReader, SqlWriter } from '../storage/database/database.ts'
import { listImageSignings, writeAskedSigning } from './image-signing-store.ts'
import { isAskedAgain, isSignable } from './rules/managed-signing.ts'
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
  let asked = 0
  for (const profileArn of profilesFor(rules, repository.name)) {
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

async function currentVersion(
  reader: SqlReader,
  region: string,
  profileArn: string,
): Promise<string | undefined> {
  const address = parseSignerArn(region, profileArn)
  return address?.kind === 'profile' ? (await findProfile(reader, address))?.version : undefined
}
