import type { Caller } from '../access/caller.ts'
import type { Clock } from '../lib/clock.ts'
import { listManifests } from '../registry/manifest-store.ts'
import { getRepository, type RepositoryAddress } from '../registry/repository-store.ts'
import type { Database } from '../storage/database/database.ts'
import { requestSignings } from './request-signings.ts'

const readAtOnce = 100

/**
 * Asks for the signatures that pushes from now on would have, of everything that is there; each is judged as the caller.
 * REPOSITORY_UNKNOWN. What the walk has come past when it is broken off stays asked for.
 */
export async function signExisting(
  deps: { readonly database: Database; readonly clock: Clock; readonly region: string },
  { caller, ...address }: RepositoryAddress & { readonly caller: Caller },
  { signal }: { readonly signal: AbortSignal },
): Promise<{ readonly images: number; readonly asked: number }> {
  const { database, clock, region } = deps
  const repository = await getRepository(database, address)
  let after = { pushedAt: -1, digest: '' }
  let [images, asked] = [0, 0]
  for (;;) {
    signal.throwIfAborted()
    const page = await listManifests(database, repository.id, {
      tagStatus: 'ANY',
      archived: 'not',
      after,
      limit: readAtOnce,
    })
    asked += await database.transaction(async (tx) => {
      let wanted = 0
      for (const { digest, subject, artifactType } of page) {
        const push = { repository, digest, subject, artifactType, tags: [] }
        wanted += await requestSignings(tx, { region, caller, push }, clock.now())
      }
      return wanted
    })
    images += page.length
    const last = page.at(-1)
    if (last === undefined || page.length < readAtOnce) return { images, asked }
    after = { pushedAt: last.pushedAt.getTime(), digest: last.digest }
  }
}
