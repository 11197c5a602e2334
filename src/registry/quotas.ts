// The quota as operations ask about it: before bytes are read, while they arrive, and in the transaction that keeps them.
import type { SqlReader } from '../storage/database/database.ts'
import { registryError } from './errors.ts'
import { findExceeded, roomFor, type QuotaRefusal } from './rules/quota.ts'
import { readQuotaStates } from './usage-store.ts'

/** How much of a body may arrive, and what to say of more. */
export interface ByteLimit {
  readonly bytes: number
  readonly refusal: () => Error
}

/**
 * Before a body is read: refuses one whose stated length does not fit, and gives the limit for one that states none.
 * What is open elsewhere counts, so that many uploads at once do not pass a limit together; the closing transaction has the last word.
 */
export async function limitBody(
  reader: SqlReader,
  repositoryId: number,
  announcedBytes: number,
): Promise<ByteLimit | undefined> {
  const states = await readQuotaStates(reader, repositoryId)
  const bytes = roomFor(states)
  if (bytes === undefined) return undefined
  const exceeded = findExceeded(states, { bytes: announcedBytes, images: 0 })
  if (exceeded !== undefined) throw quotaExceeded(exceeded)
  const refusal = (): Error => {
    const over = findExceeded(states, { bytes: bytes + 1, images: 0 })
    if (over === undefined) throw new Error('a body passed a quota that has room for it')
    return quotaExceeded(over)
  }
  return { bytes, refusal }
}

/** Refuses where not one image of one byte has room: whoever makes a repository for a push would make it for nothing. */
export async function requireRoomForPush(reader: SqlReader, repositoryId: number): Promise<void> {
  const states = await readQuotaStates(reader, repositoryId)
  const exceeded = findExceeded(states, { bytes: 1, images: 1 })
  if (exceeded !== undefined) throw quotaExceeded(exceeded)
}

/**
 * Makes a change in its transaction, and throws QUOTA_EXCEEDED, which undoes it, when what it added does not fit.
 * What adds nothing is never refused: a mount within an account that is full, a tag of an image that is there.
 */
export async function changeWithinQuota<T>(
  tx: SqlReader,
  repositoryId: number,
  change: () => Promise<T>,
): Promise<T> {
  const before = await readQuotaStates(tx, repositoryId)
  const result = await change()
  if (before.length === 0) return result
  const after = await readQuotaStates(tx, repositoryId)
  for (const [index, state] of before.entries()) {
    const now = after[index]?.used ?? state.used
    const added = { bytes: now.bytes - state.used.bytes, images: now.images - state.used.images }
    // Uploads that are open have no claim on the room of one that is whole.
    const exceeded = findExceeded([{ ...state, openBytes: 0 }], added)
    if (exceeded !== undefined) throw quotaExceeded(exceeded)
  }
  return result
}

function quotaExceeded(refusal: QuotaRefusal): Error {
  const { scope, name, unit, limit, used, added } = refusal
  const message = `the quota of ${scope} ${name} is ${limit} ${unit}; ${used} are used, and this would add ${added}`
  return registryError('QUOTA_EXCEEDED', message, { scope, name, unit, limit, used, added })
}
