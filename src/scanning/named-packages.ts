import { yieldToEventLoop } from '../lib/yield-to-event-loop.ts'
import type { SqlReader } from '../storage/database/database.ts'
import { listScansWithInstances, readScannedInstances, type ScanKey } from './scan-store.ts'

const scansAtOnce = 100

/** Those of the packages that some image lists, also where they are passed over there or answer for the files of another. */
export async function listNamedPackages(
  reader: SqlReader,
  asked: ReadonlySet<number>,
  { signal }: { readonly signal: AbortSignal },
): Promise<ReadonlySet<number>> {
  const named = new Set<number>()
  let after: ScanKey | undefined
  for (;;) {
    const page = await listScansWithInstances(reader, { after, limit: scansAtOnce })
    for (const key of page) {
      signal.throwIfAborted()
      const instances = await readScannedInstances(reader, key)
      const ids = instances.flatMap(({ packageId, ownerId }) => [packageId, ownerId ?? packageId])
      for (const id of ids.filter((one) => asked.has(one))) named.add(id)
      await yieldToEventLoop()
    }
    after = page.at(-1)
    if (page.length < scansAtOnce || named.size === asked.size) return named
  }
}
