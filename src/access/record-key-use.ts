import { BoundedCache } from '../lib/bounded-cache.ts'
import type { Clock } from '../lib/clock.ts'
import type { Database } from '../storage/database/database.ts'
import { isStorageFault } from '../storage/storage-full.ts'
import { putKeyUse } from './access-key-store.ts'

const intervalMs = 15 * 60_000

export type KeyUseRecorder = (
  accessKeyId: string,
  use: { readonly service: string; readonly region: string },
) => Promise<void>

/**
 * Keeps when a key was last used, and for what: each quarter of an hour at most, so that it costs requests nothing. Nobody is
 * promised it, so it survives the process's end only; and a full disk keeps nobody from reading.
 */
export function recordingKeyUse(deps: {
  readonly database: Database
  readonly clock: Clock
}): KeyUseRecorder {
  const written = new BoundedCache<true>(10_000)
  return async (accessKeyId, use) => {
    const at = deps.clock.now()
    // Temporary keys have no row.
    if (!accessKeyId.startsWith('AKIA') || written.get(accessKeyId, at) !== undefined) return
    written.set(accessKeyId, true, new Date(at.getTime() + intervalMs))
    const unlessSince = new Date(at.getTime() - intervalMs)
    try {
      await deps.database.transaction(
        (tx) => putKeyUse(tx, accessKeyId, { at, ...use }, unlessSince),
        { survives: 'process' },
      )
    } catch (error) {
      // Whoever has a key may go on when the disk takes nothing.
      if (!isStorageFault(error)) throw error
    }
  }
}
