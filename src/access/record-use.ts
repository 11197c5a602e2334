import { BoundedCache } from '../lib/bounded-cache.ts'
import type { Clock } from '../lib/clock.ts'
import type { Database, SqlWriter } from '../storage/database/database.ts'
import { isStorageFault } from '../storage/storage-full.ts'
import { putKeyUse } from './access-key-store.ts'
import type { Principal } from './principal.ts'
import { putRoleUse } from './role-store.ts'

const intervalMs = 15 * 60_000

interface Use {
  readonly service: string
  readonly region: string
}

export type UseRecorder = (
  principal: Pick<Principal, 'requester' | 'accessKeyId'>,
  use: Use,
) => Promise<void>

/**
 * Keeps when a key was last used, and for what, or when a session of a role was: each quarter of an hour at most, so that it
 * costs requests nothing. Nobody is promised it, so it survives the process's end only; and a full disk keeps nobody from reading.
 */
export function recordingUse(deps: {
  readonly database: Database
  readonly clock: Clock
}): UseRecorder {
  const written = new BoundedCache<true>(10_000)
  return async (principal, use) => {
    const at = deps.clock.now()
    const used = usedBy(principal)
    if (used === undefined || written.get(used.id, at) !== undefined) return
    written.set(used.id, true, new Date(at.getTime() + intervalMs))
    const unlessSince = new Date(at.getTime() - intervalMs)
    try {
      await deps.database.transaction((tx) => used.put(tx, { at, ...use }, unlessSince), {
        survives: 'process',
      })
    } catch (error) {
      // Whoever has a key may go on when the disk takes nothing.
      if (!isStorageFault(error)) throw error
    }
  }
}

interface Used {
  readonly id: string
  readonly put: (
    tx: SqlWriter,
    use: Use & { readonly at: Date },
    unlessSince: Date,
  ) => Promise<void>
}

/** What has a row that tells of its use: a temporary key has none, its role has. */
function usedBy({ requester, accessKeyId }: Parameters<UseRecorder>[0]): Used | undefined {
  if (requester.kind === 'assumed-role') {
    const { roleId: id } = requester
    return { id, put: async (tx, use, unlessSince) => putRoleUse(tx, id, use, unlessSince) }
  }
  if (accessKeyId?.startsWith('AKIA') !== true) return undefined
  const put: Used['put'] = async (tx, use, unlessSince) =>
    putKeyUse(tx, accessKeyId, use, unlessSince)
  return { id: accessKeyId, put }
}
