import type { AccountId } from '../policy/account-id.ts'
import type { RepositoryName } from '../oci/repository-name.ts'
import type { Database } from '../storage/database/database.ts'
import { getRepository } from './repository-store.ts'
import type { Quota } from './rules/quota.ts'
import {
  findAccountUsage,
  findRepositoryUsage,
  writeAccountQuota,
  writeRepositoryQuota,
} from './usage-store.ts'

/** A limit to set, `none` to lift it, undefined to leave it. */
export interface QuotaChange {
  readonly maxBytes: number | 'none' | undefined
  readonly maxImages: number | 'none' | undefined
}

/**
 * Sets limits of an account, or of one of its repositories (REPOSITORY_UNKNOWN where there is none); returns them,
 * undefined where there is no such account. A limit below what is used removes nothing: it refuses what would add to it.
 */
export async function putQuota(
  deps: { readonly database: Database },
  input: {
    readonly account: AccountId
    readonly repository: RepositoryName | undefined
    readonly change: QuotaChange
  },
): Promise<Quota | undefined> {
  const { account, repository: name, change } = input
  return deps.database.transaction(async (tx) => {
    if (name === undefined) {
      const usage = await findAccountUsage(tx, account)
      if (usage === undefined) return undefined
      const quota = changed(usage, change)
      await writeAccountQuota(tx, account, quota)
      return quota
    }
    const repository = await getRepository(tx, { account, name })
    const quota = changed(await findRepositoryUsage(tx, repository.id), change)
    await writeRepositoryQuota(tx, repository.id, quota)
    return quota
  })
}

function changed(present: Quota | undefined, change: QuotaChange): Quota {
  return {
    maxBytes: limitAfter(present?.maxBytes, change.maxBytes),
    maxImages: limitAfter(present?.maxImages, change.maxImages),
  }
}

function limitAfter(
  present: number | undefined,
  change: number | 'none' | undefined,
): number | undefined {
  if (change === undefined) return present
  return change === 'none' ? undefined : change
}
