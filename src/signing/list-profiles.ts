import type { AccountId } from '../policy/account-id.ts'
import type { SqlReader } from '../storage/database/database.ts'
import { listStoredProfiles } from './profile-store.ts'
import { getProfile, statusOf, type Profile } from './profiles.ts'

export type ProfileStatus = ReturnType<typeof statusOf>

const readAtOnce = 50
/** Of one page: what is left is on the next. */
const mostRead = 1000

/** By name; `next` is where the next page begins. */
export async function listProfiles(
  reader: SqlReader,
  input: {
    readonly account: AccountId
    readonly after: string
    readonly limit: number
    readonly isWanted: (status: ProfileStatus) => boolean
  },
): Promise<{ readonly profiles: readonly Profile[]; readonly next: string | undefined }> {
  const found: Profile[] = []
  let after = input.after
  for (let read = 0; read < mostRead; read += readAtOnce) {
    const page = await listStoredProfiles(reader, input.account, { after, limit: readAtOnce })
    for (const stored of page) {
      if (found.length === input.limit) return { profiles: found, next: after }
      const profile = await getProfile(reader, stored)
      if (input.isWanted(statusOf(profile))) found.push(profile)
      after = stored.name
    }
    if (page.length < readAtOnce) return { profiles: found, next: undefined }
  }
  return { profiles: found, next: after }
}
