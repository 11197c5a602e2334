import type { EmbeddedDatabase } from '../storage/database/database.ts'
import { searchRecords, type FoundAdvisory } from './advisory-history-store.ts'
import { readAdvisoryState } from './advisory-state-store.ts'

export interface AdvisorySearch {
  readonly revision: number
  readonly found: readonly FoundAdvisory[]
  /** False where there are more than were asked for. */
  readonly isComplete: boolean
}

/**
 * Records in force that have the text as their id, as another id of their flaw, as the name of a package, or anywhere in id or
 * summary; in this order. Letters count without regard to case.
 */
export async function searchAdvisories(
  database: EmbeddedDatabase,
  { text, limit }: { readonly text: string; readonly limit: number },
  options: { readonly signal: AbortSignal },
): Promise<AdvisorySearch> {
  const { revision } = await readAdvisoryState(database)
  const found = await searchRecords(database, { text, revision, limit: limit + 1 }, options)
  return { revision, found: found.slice(0, limit), isComplete: found.length <= limit }
}
