// The job that writes an export, a part at each run: what is written stays, and a killed run's part is written again.
import { enqueue } from '../jobs/queue.ts'
import type { Clock } from '../lib/clock.ts'
import type { BlobStore } from '../storage/blobs/blob-store.ts'
import type { Database } from '../storage/database/database.ts'
import { advanceExport, endExport, findExport, type FindingExport } from './finding-export-store.ts'
import { exportJob, exportPriority } from './finding-exports.ts'

export interface ExportPart {
  readonly bytes: Uint8Array
  readonly entries: number
  /** Undefined after the last part. */
  readonly next: unknown
}

/** Makes the part of an export that begins at its cursor. Within some megabytes. */
export type ExportWriter = (
  asked: FindingExport,
  options: { readonly signal: AbortSignal },
) => Promise<ExportPart>

export interface WriteExportDeps {
  readonly database: Database
  readonly blobs: BlobStore
  readonly clock: Clock
  readonly writers: Readonly<Record<FindingExport['kind'], ExportWriter>>
}

const maxAttempts = 5

export async function writeExport(
  deps: WriteExportDeps,
  id: string,
  { signal, attempt }: { readonly signal: AbortSignal; readonly attempt: number },
): Promise<void> {
  const { database, blobs, clock } = deps
  const asked = await findExport(database, id)
  if (asked?.state !== 'IN_PROGRESS') return
  try {
    const part = await deps.writers[asked.kind](asked, { signal })
    const size = await blobs.write(asked.storageKey, asked.size, once(part.bytes))
    await blobs.sync(asked.storageKey)
    await database.transaction(async (tx) => {
      const { entries, next } = part
      if (!(await advanceExport(tx, id, { size, entries, cursor: next ?? null }))) return
      if (next === undefined) await endExport(tx, id, { state: 'SUCCEEDED' }, clock.now())
      else
        await enqueue(
          tx,
          { kind: exportJob, key: id, input: { id }, priority: exportPriority },
          clock.now(),
        )
    })
  } catch (error) {
    signal.throwIfAborted()
    if (attempt < maxAttempts) throw error
    const failure = error instanceof Error ? error.message : 'unknown error'
    await database.transaction((tx) => endExport(tx, id, { state: 'FAILED', failure }, clock.now()))
  }
}

async function* once(bytes: Uint8Array): AsyncGenerator<Uint8Array> {
  yield await Promise.resolve(bytes)
}
