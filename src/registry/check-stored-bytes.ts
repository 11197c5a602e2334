import type { StorageKey } from '../storage/blobs/blob-store.ts'
import type { CheckDeps, CheckInput, CheckOptions, CheckStep } from './check-step.ts'
import { isKeyNamed } from './orphan-store.ts'
import { isOldEnough, shardCount, shardName } from './rules/orphan.ts'
import { problem } from './rules/storage-problems.ts'
import { queueStorageDeletion } from './storage-deletion-store.ts'

/** Every stored key is named by a row, or young: a push or a backup may be at it. */
export async function* checkStoredBytes(
  deps: CheckDeps,
  input: CheckInput,
  { signal }: CheckOptions,
): AsyncGenerator<CheckStep> {
  for (let shard = 0; shard < shardCount; shard += 1) {
    let [storedKeys, youngKeys] = [0, 0]
    for await (const { key, writtenAt } of deps.blobs.list(shardName(shard))) {
      signal.throwIfAborted()
      storedKeys += 1
      if (storedKeys % 500 === 0) yield { kind: 'working' }
      if (await isKeyNamed(deps.database, key)) continue
      if (isOldEnough(writtenAt, deps.clock.now())) yield* lookAgain(deps, input, key, writtenAt)
      else youngKeys += 1
    }
    if (storedKeys > 0) yield { kind: 'counted', counts: { storedKeys, youngKeys } }
  }
}

async function* lookAgain(
  deps: CheckDeps,
  input: CheckInput,
  key: StorageKey,
  writtenAt: Date,
): AsyncGenerator<CheckStep> {
  const size = await deps.blobs.size(key)
  if (size === undefined) return
  const now = deps.clock.now()
  const isUnnamed = await deps.database.transaction(async (tx) => {
    if (await isKeyNamed(tx, key)) return false
    if (input.repair) await queueStorageDeletion(tx, key, now)
    return true
  })
  if (!isUnnamed) return
  const days = Math.floor((now.getTime() - writtenAt.getTime()) / 86_400_000)
  const detail = `${size} bytes, ${days} days old`
  yield { kind: 'problem', problem: problem('bytes-without-row', key, detail, input.repair) }
}
