import { createHash } from 'node:crypto'
import { readFile } from 'node:fs/promises'
import { Readable } from 'node:stream'
import { listAdvisorySources, starterSource } from './advisory-source-store.ts'
import { importAdvisories, type AdvisoryImportResult } from './import-advisories.ts'
import type { ImportDeps } from './import-lease.ts'

const shippedFile = new URL('./starter/advisories.ndjson', import.meta.url)

/**
 * Imports the set that ships with the product, so that a first scan is real: where there is no other data yet, and
 * again when a new release ships another set. Its records step back for those of every other source.
 */
export async function installStarterAdvisories(
  deps: ImportDeps,
  { file = shippedFile }: { readonly file?: URL | string },
  { signal }: { readonly signal: AbortSignal },
): Promise<AdvisoryImportResult | undefined> {
  const sources = await listAdvisorySources(deps.database)
  const installed = sources.find(({ name }) => name === starterSource)
  const isFirst = !sources.some(({ importedAt }) => importedAt !== undefined)
  if (installed === undefined && !isFirst) return undefined
  const bytes = await readFile(file, { signal })
  const validator = createHash('sha256').update(bytes).digest('hex')
  if (installed?.validator === validator) return undefined
  const input = {
    source: starterSource,
    origin: 'starter',
    bytes: Readable.from([bytes]),
    snapshot: true,
    // The set is ours: a release may drop as much of it as it likes.
    confirmLoss: true,
    validator,
  } as const
  return importAdvisories(deps, input, { signal })
}
